"""Messages of Sumo Logic's search jobs: https://help.sumologic.com/docs/api/search-job/"""

from .container import Container

CONTAINER = Container(title="Sumo Logic", paths=("map",))
