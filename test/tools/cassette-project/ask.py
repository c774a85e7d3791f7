# Asks by openai-python what a program asks, and prints all that came.
from openai import OpenAI

client = OpenAI()
model = "gpt-test"
messages = [{"role": "user", "content": "Was ist das Meer? 🌊"}]

print("chat", client.chat.completions.create(model=model, messages=messages).to_json(indent=None))
for chunk in client.chat.completions.create(model=model, messages=messages, stream=True):
    print("chunk", chunk.to_json(indent=None))
previous = client.responses.create(model=model, input="Name a river.")
print("response", client.responses.create(model=model, input="Another.", previous_response_id=previous.id).to_json())
with open("sea.bin", "rb") as file:
    print("file", client.files.create(file=file, purpose="user_data").to_json(indent=None))
print("models", [each.to_json(indent=None) for each in client.models.list()])
print("embedding", client.embeddings.create(model=model, input=["the sea", "the sky"]).to_json(indent=None))
