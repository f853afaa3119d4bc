"""Messages of Graylog: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html"""

from .container import Container

CONTAINER = Container(title="GELF", paths=("full_message", "short_message"))
