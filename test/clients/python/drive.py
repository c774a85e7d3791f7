"""Puts questions to servers with OpenAI's own client, as programs do.

Takes a line of JSON for each, with the base URL and the name of a question,
and answers with one: the parsed objects, and the error that ended them or null.
"""

import json
import sys

from openai import OpenAI

CHAT = {"model": "gpt-test", "messages": [{"role": "user", "content": "What is the sea?"}]}
DEPTH_OF = {
    "name": "depth_of",
    "parameters": {"type": "object", "properties": {"sea": {"type": "string"}}, "required": ["sea"]},
}
WITH_TOOL = {**CHAT, "tools": [{"type": "function", "function": DEPTH_OF}]}
RESPONSE = {"model": "gpt-test", "input": "What is the sea?"}
WITH_TOOL_TOO = {**RESPONSE, "tools": [{"type": "function", "strict": True, **DEPTH_OF}]}
EMBEDDED = {"model": "embed-test", "input": ["sea", "salt"]}


def ask_with_jar(client):
    for _ in range(3):
        # Passes through with its cookies, which the client keeps and sends from then on.
        client.models.list()
        yield client.chat.completions.create(**CHAT)


# Each returns what it was answered, one object after the other.
QUESTIONS = {
    "chat": lambda client: [client.chat.completions.create(**CHAT)],
    "chat, streamed": lambda client: client.chat.completions.create(**CHAT, stream=True),
    "chat, streamed with usage": lambda client: client.chat.completions.create(
        **CHAT, stream=True, stream_options={"include_usage": True}
    ),
    "tool call": lambda client: [client.chat.completions.create(**WITH_TOOL)],
    "tool call, streamed": lambda client: client.chat.completions.create(**WITH_TOOL, stream=True),
    "response": lambda client: [client.responses.create(**RESPONSE)],
    "response, streamed": lambda client: client.responses.create(**RESPONSE, stream=True),
    "response with a tool call, streamed": lambda client: client.responses.create(**WITH_TOOL_TOO, stream=True),
    "embeddings": lambda client: [client.embeddings.create(**EMBEDDED)],
    "chat, with a cookie jar": ask_with_jar,
    "embeddings, as floats": lambda client: [client.embeddings.create(**EMBEDDED, encoding_format="float")],
}


def tell(url, name):
    told, error = [], None
    try:
        with OpenAI(base_url=url, api_key="sk-test", max_retries=0, timeout=20) as client:
            for item in QUESTIONS[name](client):
                told.append(item.model_dump(mode="json"))
    except Exception as raised:
        error = type(raised).__name__
    return {"told": told, "error": error}


for line in sys.stdin:
    print(json.dumps(tell(**json.loads(line))), flush=True)
