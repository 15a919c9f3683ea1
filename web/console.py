"""The console: built files, and its one page for every address that is the browser's own."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from brain.errors import message

IMMUTABLE = "public, max-age=31536000, immutable"


def install(app: FastAPI, static: Path) -> None:
    """Serves the console; where it is not built, says so instead."""
    page = static / "index.html"
    if not page.exists():
        text = "<br>".join(message("console.not_built", language) for language in ("zh", "en"))
        app.add_api_route("/", lambda: HTMLResponse(text, 503), include_in_schema=False)
        return
    app.mount("/assets", _Assets(directory=static / "assets"), name="assets")

    @app.get("/{path:path}", include_in_schema=False)
    def console(path: str) -> FileResponse:
        if path.startswith("api/"):
            raise HTTPException(404)
        file = (static / path).resolve()
        if path and file.is_relative_to(static.resolve()) and file.is_file():
            return FileResponse(file)
        return FileResponse(page, headers={"cache-control": "no-cache"})


class _Assets(StaticFiles):
    """Files whose names carry a hash of their content: kept for ever."""

    def file_response(self, *args: object, **kwargs: object) -> FileResponse:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = IMMUTABLE
        return response  # type: ignore[return-value]
