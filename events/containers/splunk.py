"""Results of Splunk: searches exported as JSON or CSV, its REST interface, and events for its HTTP collector.

https://help.splunk.com/en/splunk-enterprise/get-started/get-data-in/9.4/get-data-with-http-event-collector
"""

from .container import Container

CONTAINER = Container(title="Splunk", paths=("_raw", "result"), first=True)
