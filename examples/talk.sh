#!/bin/sh
# Ask an agent one typed question with websocat; audio is shown as lines of base64.
#
#   examples/talk.sh wss://voice.example.com/v1/voice token-file "Good morning"
{
  echo '{"type":"session.start"}'
  printf '{"type":"text","text":"%s"}\n' "$3"
  sleep 5
  echo '{"type":"session.end"}'
  sleep 1
} | websocat --text --base64 --protocol=parley.v1 -H="Authorization: Bearer $(cat "$2")" "$1"
