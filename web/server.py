"""The server of the application: uvicorn, which ends the open maps' streams before it waits for its connections."""

from __future__ import annotations

import socket

import uvicorn

from brain.settings import Settings
from web.app import create_app

GRACE_S = 3
"""What is still being answered at the end may take so long."""


class Server(uvicorn.Server):
    """Serves one installation."""

    def __init__(self, settings: Settings, *, host: str = "127.0.0.1", port: int = 8000) -> None:
        self._app = create_app(settings)
        super().__init__(
            uvicorn.Config(
                self._app,
                host=host,
                port=port,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    def end(self) -> None:
        """Asks it to end, running or about to run."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """A stream has no end of its own: uvicorn would wait for it in vain, and then break it off."""
        await self._app.state.context.live.close()
        await super().shutdown(sockets)
