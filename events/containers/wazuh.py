"""Alerts and archives of Wazuh: https://documentation.wazuh.com/current/cloud-security/amazon/services/supported-services/cloudtrail.html"""

from .container import Container

CONTAINER = Container(title="Wazuh", paths=("data.aws", "full_log"))
