"""Where the Azure-Sentinel repository keeps what, for this table: https://github.com/Azure/Azure-Sentinel"""

from pathlib import PurePosixPath

DETECTIONS = PurePosixPath("Detections/AWSCloudTrail")
HUNTING = PurePosixPath("Hunting Queries/AWSCloudTrail")
