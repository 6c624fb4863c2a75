"""The conversation as messages, for servers that render the prompt themselves.

Their tokenizers read control strings inside content as control, too, so content is neutralised here as it is for the
templates. Mistral's own templates refuse the role `system`, so its text goes where mistral-common puts it.
"""

from app.conversation import Conversation, Role
from app.generation import ChatMessage
from app.prompts.neutralise import neutralise
from app.prompts.template import PromptFormat

_SYSTEM = "system"


def chat_messages(
    conversation: Conversation, prompt_format: PromptFormat | None, answer_so_far: str = ""
) -> tuple[ChatMessage, ...]:
    """The same turns as `render_prompt` renders: first the system text, if there is one, then user and assistant.

    `prompt_format` None: nobody knows the model, so the system text keeps the role that most templates have for it.
    The last one is the assistant's where there is an `answer_so_far`, to be continued.
    """
    system = neutralise(conversation.system)
    messages = [ChatMessage(message.role, neutralise(message.content)) for message in conversation.messages]
    begun = (ChatMessage(Role.ASSISTANT, neutralise(answer_so_far)),) if answer_so_far else ()
    if not system:
        return (*messages, *begun)
    if prompt_format is PromptFormat.MISTRAL_V1:
        return (_led_by(system, messages[0]), *messages[1:], *begun)
    if prompt_format is PromptFormat.MISTRAL_V3:
        return (*messages[:-1], _led_by(system, messages[-1]), *begun)
    return (ChatMessage(_SYSTEM, system), *messages, *begun)


def _led_by(system: str, message: ChatMessage) -> ChatMessage:
    return ChatMessage(message.role, f"{system}\n\n{message.content}")
