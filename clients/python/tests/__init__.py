"""The package's tests. Those that need a grid are told where it is by ORLEANSJOBS_URL; its heartbeat should be short.

    ORLEANSJOBS_URL=http://localhost:8080 python3 -m unittest discover -t . -s tests
"""
