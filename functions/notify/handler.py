"""Notify: tell people what became of their uploads and of new segments, and how a branch behaves.

Trigger    UploadStored | UploadDuplicated | UploadRejected | UploadNeedsAnswer | UploadParked
           | SegmentationStored | BranchSilent
Reads      upload, file balance, how it was read, segmentation, users (Postgres)
Writes     notices (Postgres)
Publishes  nothing

Delivered twice: a notice is unique by client, user and what it is about, so nobody is told twice.
"""

from common import events
from common.ledger import Claim
from functions.notify.notice import Notice, of_drift, of_segmentation, of_silence, of_upload
from functions.notify.repository import NoticeRepository


def handle(event: events.Event, *, claim: Claim, notices: NoticeRepository) -> list[events.Event]:
    """Write a notice for each user who should know; nothing follows from it."""
    if notice := _notice(event, notices):
        notices.tell(claim, notice, about=events.subject_of(event))
    if isinstance(event, events.UploadStored):
        # A file that was read late may show that the one after it differs.
        for form in notices.forms(event.client, event.upload):
            if drift := of_drift(form):
                notices.tell(claim, drift, about=f"Drift:{event.client}/{form.upload}")
    return []


def _notice(event: events.Event, notices: NoticeRepository) -> Notice | None:
    match event:
        case events.UploadEvent(client=client, upload=upload):
            return of_upload(event, notices.upload(client, upload))
        case events.SegmentationStored(client=client, segmentation=segmentation):
            found = notices.segmentation(client, segmentation)
            # What is gone was replaced by a newer one, and that has its own event.
            return None if found is None else of_segmentation(found)
        case events.BranchSilent():
            return of_silence(event)
        case _:
            raise TypeError(f"nobody is told about {type(event).__name__}")
