"""`make bench`: this server beside its own limit and its peers, in one run, as tables. A tool, no part of the server.

    __main__ → rounds → one server at a time (targets, processes) ← load, growing_chat: clients in their own processes
             → figures → tables → README.md

Everything is measured from outside, over HTTP on loopback; only `limit` calls the executor itself.
"""
