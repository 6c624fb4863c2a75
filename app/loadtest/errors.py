"""What ends a load test or keeps it from beginning; a branch of the tree in `app/errors.py`."""

from app.errors import ChatError


class LoadtestError(ChatError):
    """`LoadtestError(sentence)`: the sentence says what happened and what to do."""

    @property
    def user_message(self) -> str:
        return str(self)


class CellStopped(LoadtestError):
    """Too much went wrong. `CellStopped(sentence, is_overload)`: whether it was only more than the target can take."""

    @property
    def user_message(self) -> str:
        return str(self.args[0])

    @property
    def is_overload(self) -> bool:
        return bool(self.args[1])
