"""Work that takes long and may wait: done by the worker (`citybrain work`), named by the use cases that defer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import shapely
from procrastinate import JobContext

from brain.audit_months import make_months
from brain.context import Context
from brain.seals import seal, seal_for_ever
from data.engine import SYSTEM, Origin, scoped_transaction
from data.queries import query
from data.queue import open_queue
from layers.catalog import region_layer
from layers.overview import overviews

_WORKER = replace(SYSTEM, origin=Origin("job"))

_SCHEME = query("regions", "scheme_by_code")
_EDITION = query("regions", "current_edition")
_WITHOUT_OVERVIEW = query("regions", "without_overview")
_SET_OVERVIEWS = query("regions", "set_overviews")


async def simplify_borders(context: Context, scheme: str) -> int:
    """Makes the shapes for low zooms of a scheme's current edition, tier by tier; how many were made."""
    made = 0
    async with scoped_transaction(context.engine, _WORKER) as connection:
        row = (await connection.execute(_SCHEME, {"scheme": scheme})).one()
        edition = (await connection.execute(_EDITION, {"scheme_id": row.id})).one()
        layer = await region_layer(connection, scheme, edition.id)
        assert layer is not None
        waiting = (await connection.execute(_WITHOUT_OVERVIEW, {"scheme_id": row.id})).all()
        for tier, finer in zip(layer.tiers, layer.tiers[1:], strict=False):
            here = [border for border in waiting if border.depth == tier.depth]
            if not here:
                continue
            shapes = await asyncio.to_thread(overviews, [bytes(border.wkb) for border in here], finer.min_zoom)
            await connection.execute(
                _SET_OVERVIEWS,
                {
                    "keys": [border.region_key for border in here],
                    "editions": [border.edition_from for border in here],
                    "wkbs": list(shapely.to_wkb(shapes)),
                },
            )
            made += len(here)
    return made


async def work(context: Context, *, until_empty: bool = False) -> None:
    """Runs deferred work until stopped, or until there is none left."""
    await make_months(context)
    queue = open_queue(context.settings.app_url)

    @queue.task(name="simplify_borders")
    async def _(scheme: str) -> None:
        await simplify_borders(context, scheme)

    @queue.periodic(cron="* * * * *")
    @queue.task(name="retry_stalled", pass_context=True)
    async def _(job: JobContext, timestamp: int) -> None:
        """Takes up what a killed worker left: a job whose worker has sent no heartbeat."""
        for stalled in await job.app.job_manager.get_stalled_jobs():
            await job.app.job_manager.retry_job(stalled)

    @queue.periodic(cron="17 3 * * *")
    @queue.task(name="make_audit_months")
    async def _(timestamp: int) -> None:
        """Makes the audit log's tables for the months to come."""
        await make_months(context)

    async with queue.open_async(), _sealing(context, once=until_empty):
        await queue.run_worker_async(
            wait=not until_empty, install_signal_handlers=not until_empty, delete_jobs="successful"
        )


@asynccontextmanager
async def _sealing(context: Context, *, once: bool) -> AsyncIterator[None]:
    """Seals the audit log beside the jobs, each second, or once after them."""
    if once:
        yield
        await seal(context)
        return
    sealing = asyncio.create_task(seal_for_ever(context), name="audit seals")
    try:
        yield
    finally:
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)
