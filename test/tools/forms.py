"""Answers as OpenAI's client for Python makes them of documents and of streams.

Reads a list of {"endpoint", "isStream", "body"} from its input and writes what it made of each.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openai import OpenAI

ANSWERS = json.load(sys.stdin)


class Handler(BaseHTTPRequestHandler):
    """Answers the request to /N/… with the Nth answer."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = ANSWERS[int(self.path.split("/")[1])]
        body = answer["body"].encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if answer["isStream"] else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


MESSAGES = [{"role": "user", "content": "What is the sea?"}]


def chat(client, is_stream):
    if not is_stream:
        return client.chat.completions.create(model="m", messages=MESSAGES)
    with client.chat.completions.stream(model="m", messages=MESSAGES) as stream:
        return stream.get_final_completion()


def responses(client, is_stream):
    if not is_stream:
        return client.responses.create(model="m", input="What is the sea?")
    with client.responses.stream(model="m", input="What is the sea?") as stream:
        return stream.get_final_response()


def ask(number, answer, port):
    client = OpenAI(base_url=f"http://127.0.0.1:{port}/{number}", api_key="sk-test", max_retries=0)
    made = {"chat": chat, "responses": responses}[answer["endpoint"]](client, answer["isStream"])
    return made.model_dump(mode="json")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
json.dump([ask(number, answer, server.server_port) for number, answer in enumerate(ANSWERS)], sys.stdout)
