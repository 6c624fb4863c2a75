"""Everything that can go wrong on the way to an answer, as one tree.

Each error's `user_message` says to the person at the page what happened and what to do; it is made from this
program's own words and figures, never from a server's text. What a server said goes into the exception's arguments,
for the log.

    ChatError
    ├── SettingsError              a variable has a value that cannot be used
    ├── InvalidMessage             the person's message cannot be sent as it is
    │   ├── MessageHasTooManyCharacters
    │   ├── MessageTooLong         it does not fit the model's window even alone
    │   ├── AnswerTooLong          nor does the answer that is to be continued
    │   └── CannotContinue         whoever renders the prompt itself begins every answer anew
    └── BackendError               `endpoint_errors.py` has what SageMaker adds below these
        ├── NoBackendConfigured
        ├── BackendUnavailable     cannot be reached
        ├── BackendNotReady        asks to come again: the one error that is worth waiting for
        ├── BackendUnauthorized
        ├── BackendRejected        says that the request is wrong
        │   └── PromptTooLong      says that it is longer than the window
        ├── BackendFailed          says that it failed
        │   └── AnswerWithoutEnd   goes on for longer than a page can show
        └── StreamInterrupted      the answer ended without its end
"""


class ChatError(Exception):
    """The root. Arguments are for the log."""

    @property
    def user_message(self) -> str:
        return "Something went wrong in the chat page itself. Please try again; the log has the details."


class SettingsError(ChatError):
    """`SettingsError(sentence)`: the sentence names variable, value and remedy."""

    @property
    def user_message(self) -> str:
        return str(self)


class InvalidMessage(ChatError):
    """A message that is not sent. The conversation stays as it was."""


class MessageHasTooManyCharacters(InvalidMessage):
    """`MessageHasTooManyCharacters(characters, limit_characters)`"""

    @property
    def user_message(self) -> str:
        characters, limit_characters = self.args
        return (
            f"This message has {characters:,} characters; at most {limit_characters:,} can be sent. "
            "Please shorten it. Nothing was sent."
        )


class MessageTooLong(InvalidMessage):
    """`MessageTooLong(limit_tokens)`"""

    @property
    def user_message(self) -> str:
        return (
            f"This message is too long for the model: together with the system prompt it may have {self.args[0]:,} "
            "tokens (about three quarters as many words) beside the answer. Please shorten it, or lower "
            "“Longest answer”. Nothing was sent."
        )


class AnswerTooLong(InvalidMessage):
    """`AnswerTooLong(limit_tokens)`"""

    @property
    def user_message(self) -> str:
        return (
            f"This answer cannot be continued: with its question it already fills the {self.args[0]:,} tokens that the "
            "model may read. Lower “Longest answer”, or ask for the rest in a new message."
        )


class CannotContinue(InvalidMessage):
    @property
    def user_message(self) -> str:
        return (
            "This endpoint writes the prompts itself and begins every answer anew, so it cannot continue one. "
            "Ask for the rest in a new message."
        )


class BackendError(ChatError):
    """The model's side of the wire."""


class NoBackendConfigured(BackendError):
    @property
    def user_message(self) -> str:
        return (
            "No model is connected. Choose a SageMaker endpoint in the sidebar, or set RAY_SERVE_URL to the address "
            "of a model server (for example http://localhost:8000) and start the page again."
        )


class BackendUnavailable(BackendError):
    @property
    def user_message(self) -> str:
        return (
            "The model server cannot be reached. If RAY_SERVE_URL is set, check that a server runs at that address; "
            "otherwise start the page again."
        )


class BackendNotReady(BackendError):
    """`BackendNotReady(detail, retry_after_seconds)`: 503 or 429 before the first byte."""

    @property
    def retry_after_seconds(self) -> float:
        return float(self.args[1])

    @property
    def user_message(self) -> str:
        return "The model is not ready yet: it is still loading, or busy with other chats."


class BackendUnauthorized(BackendError):
    @property
    def user_message(self) -> str:
        return "The model server refused the key. Set RAY_SERVE_API_KEY to the key that the server expects."


class BackendRejected(BackendError):
    @property
    def user_message(self) -> str:
        return "The model server refused the request. Check the settings in the sidebar; the log has its reason."


class PromptTooLong(BackendRejected):
    @property
    def user_message(self) -> str:
        return "The conversation is longer than the model can read. Start a new chat, or shorten the message."


class BackendFailed(BackendError):
    @property
    def user_message(self) -> str:
        return "The model server failed. Please send the message again; the log has the reason."


class AnswerWithoutEnd(BackendFailed):
    """`AnswerWithoutEnd(limit_characters)`"""

    @property
    def user_message(self) -> str:
        return (
            f"The answer grew beyond the {self.args[0]:,} characters that the page can show, and was ended here. "
            "Lower “Longest answer”, or ask for less."
        )


class StreamInterrupted(BackendError):
    @property
    def user_message(self) -> str:
        return "The connection to the model ended before the answer did. What had arrived is kept."
