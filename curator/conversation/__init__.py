"""A trace's normal form, whatever framework wrote it: messages, answer, tool calls, retrieved texts, earlier turns.

The vocabulary is that of OpenTelemetry's conventions for generative AI (roles system, user, assistant, tool; tool calls
with arguments and results). What is in no known form stays the raw value: nothing here guesses in a way that drops text.
"""

from curator.conversation.messages import last_user, messages_in
from curator.conversation.parts import snake
from curator.conversation.render import Line, lines_of
from curator.conversation.retrieved import retrieved_in
from curator.conversation.texts import answer_in, question_in, tool_calls_in
from curator.conversation.trace import conversation_of, sessions_of
from curator.conversation.values import Conversation, Media, Message, Retrieved, ToolCall, Turn, words
from curator.conversation.view import several_roots
