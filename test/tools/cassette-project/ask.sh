# Asks by curl, and prints the bytes that came.
set -e
ask() { curl -fsS -H "authorization: Bearer $OPENAI_API_KEY" "$@"; echo; }
chat() { ask "$OPENAI_BASE_URL/chat/completions" -H 'content-type: application/json' -d "$1"; }
chat '{"model":"gpt-test","messages":[{"role":"user","content":"What is foam?"}]}'
chat '{"model":"gpt-test","stream":true,"messages":[{"role":"user","content":"What is foam?"}]}'
ask "$OPENAI_BASE_URL/models?limit=2"
ask "$OPENAI_BASE_URL/files" -F purpose=vision -F file=@sea.bin
ask "$OPENAI_BASE_URL/files/file-1/content"
ask -I "$OPENAI_BASE_URL/files/file-1" | grep -i '^content-length'
ask -X DELETE "$OPENAI_BASE_URL/responses/resp_1"
