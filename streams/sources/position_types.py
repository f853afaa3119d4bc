"""Numbers in stored positions, with the bounds beyond which a position is garbage."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
# Seconds since 1970, before the year 9999.
Moment = Annotated[int, msgspec.Meta(ge=0, lt=253_370_764_800)]
