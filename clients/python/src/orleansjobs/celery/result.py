"""Results, by the names that programs import them by."""
from .asyncresult import AsyncResult, ResultBase
from .blocking import allow_join_result, assert_will_not_block
from .eager import EagerResult
from .resultset import GroupResult, ResultSet

__all__ = ["AsyncResult", "EagerResult", "GroupResult", "ResultBase", "ResultSet", "allow_join_result", "assert_will_not_block"]
