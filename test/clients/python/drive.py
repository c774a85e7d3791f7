"""Puts questions to servers with OpenAI's and Anthropic's own clients, and without one, as programs do.

Takes a line of JSON for each, with the base URL and the name of a question,
and answers with one: the parsed objects, and the error that ended them or null.
"""

import json
import sys
from urllib.request import Request, urlopen

from anthropic import Anthropic
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
MESSAGE = {"model": "claude-test", "max_tokens": 100, "messages": CHAT["messages"]}
GET_TIDE = {"name": "get_tide", "input_schema": {"type": "object", "properties": {"harbour": {"type": "string"}}}}


def anthropic(client):
    url = str(client.base_url).removesuffix("/v1/")
    return Anthropic(base_url=url, api_key="sk-test", max_retries=0, timeout=20).messages


def stream_message(client):
    with anthropic(client).stream(**MESSAGE) as stream:
        yield from stream
        yield stream.get_final_message()


def read_by_hand(client):
    """Reads a stream without a client, and takes for granted what OpenAI's API says in each chunk."""
    body = json.dumps({**CHAT, "stream": True}).encode()
    headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
    with urlopen(Request(f"{client.base_url}chat/completions", body, headers), timeout=20) as lines:
        for line in lines:
            if line.startswith(b"data: {"):
                choice = json.loads(line[6:])["choices"][0]
                yield {"content": choice["delta"].get("content"), "finish_reason": choice["finish_reason"]}


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
    "chat, streamed, read by hand": read_by_hand,
    "message": lambda client: [anthropic(client).create(**MESSAGE)],
    "message, streamed": stream_message,
    "message with a tool call": lambda client: [anthropic(client).create(**MESSAGE, tools=[GET_TIDE])],
    "embeddings, as floats": lambda client: [client.embeddings.create(**EMBEDDED, encoding_format="float")],
}


def tell(url, name):
    told, error = [], None
    try:
        with OpenAI(base_url=url, api_key="sk-test", max_retries=0, timeout=20) as client:
            for item in QUESTIONS[name](client):
                told.append(item if isinstance(item, dict) else item.model_dump(mode="json"))
    except Exception as raised:
        error = type(raised).__name__
    return {"told": told, "error": error}


for line in sys.stdin:
    print(json.dumps(tell(**json.loads(line))), flush=True)
