"""The room's rules: which trial comes next, who may see which image, and when a response counts."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from synthassay.errors import ReadingError
from synthassay.reading.chain import Receipt, append, canonical, lock_log
from synthassay.reading.compiling import IMAGES
from synthassay.reading.encoding import read_tile
from synthassay.reading.questions import check_answer
from synthassay.reading.slide_encoding import read_slide_tile
from synthassay.reading.store import DRAFT, HANDED, LOG, RESPONSE, Store
from synthassay.reading.volume_file import volume_header
from synthassay.records.reader_study import StudyKind
from synthassay.records.reading import Design, EncodedImage, ReaderPlan, Trial

CODED = ("png", "jpeg")  # tiles that are pictures
IN_COLOUR = ("rgb8", *CODED)


class Refused(ReadingError):
    """A request that the rules do not allow; ``status`` is the HTTP status that says so."""

    def __init__(self, what: str, *, status: int = 409, value: object = None) -> None:
        self.status = status
        super().__init__("the room", what, value=value)


@dataclass(frozen=True)
class Standing:
    """Where a reader stands.

    Attributes:
        answered: Trials with a response, and the latest revision of each.
        trial: What is to be read now; None where all is read, or where the reader has to wait.
        waits_until: End of the washout before the next session, in seconds since 1970.
    """

    plan: ReaderPlan
    answered: Mapping[str, int]
    trial: Trial | None
    waits_until: float | None = None

    @property
    def number(self) -> int:
        """Index of the trial to be read now, or the number of trials."""
        return self.plan.trials.index(self.trial) if self.trial else len(self.answered)


class Room:
    """One study being read.

    Args:
        folder: Of the compiled study; only ``design.json`` and ``images/`` are opened.
        design: The design.
        store: Its database.
        now: Clock, in seconds since 1970.
    """

    def __init__(self, folder: Path, design: Design, store: Store, now: Callable[[], float]) -> None:
        self.folder, self.design, self.store, self.now = folder / IMAGES, design, store, now
        self.plans = {plan.reader: plan for plan in design.readers}
        self._heads: dict[str, EncodedImage] = {}
        self._turn = threading.Lock()

    def standing(self, reader: str, connection: Connection) -> Standing:
        """Return where a reader stands."""
        plan = self.plans.get(reader)
        if plan is None:
            raise Refused("has no such reader", status=403)
        revision = sa.func.max(RESPONSE.c.revision)
        rows = connection.execute(
            sa.select(RESPONSE.c.trial, revision).where(RESPONSE.c.reader == reader).group_by(RESPONSE.c.trial)
        )
        answered = {row[0]: row[1] for row in rows}
        trial = next((trial for trial in plan.trials if trial.name not in answered), None)
        until = self._washout(reader, plan, trial, connection)
        return Standing(plan, answered, None if until else trial, until)

    def _washout(self, reader: str, plan: ReaderPlan, trial: Trial | None, connection: Connection) -> float | None:
        """End of the wait before a reader's first trial of a later session; None where there is none."""
        if trial is None or trial.session == 0 or not self.design.washout_days:
            return None
        index = plan.trials.index(trial)
        before = plan.trials[index - 1]
        if before.session == trial.session:
            return None
        last = connection.execute(
            sa.select(sa.func.max(RESPONSE.c.at)).where(RESPONSE.c.reader == reader, RESPONSE.c.trial == before.name)
        ).scalar_one()
        until = float(last) + self.design.washout_days * 86400
        return until if self.now() < until else None

    def hand_out(self, reader: str) -> tuple[Standing, dict[str, Any] | None]:
        """Return where a reader stands and the draft of the trial; note the first time that a trial is handed out."""
        with self.store.reading() as connection:
            standing = self.standing(reader, connection)
            if standing.trial is None:
                return standing, None
            draft = self._draft(reader, standing.trial, connection)
            known = self._handed(reader, standing.trial, connection)
        if not known:
            self._hand(reader, standing.trial)
        return standing, draft

    def _handed(self, reader: str, trial: Trial, connection: Connection) -> bool:
        where = sa.and_(HANDED.c.reader == reader, HANDED.c.trial == trial.name)
        return connection.execute(sa.select(HANDED.c.at).where(where)).one_or_none() is not None

    def _hand(self, reader: str, trial: Trial) -> None:
        with self.store.writing() as connection:
            lock_log(connection)
            if self._handed(reader, trial, connection):  # by another tab, meanwhile
                return
            at = self.now()
            append(connection, at, reader, "handed out", {"trial": trial.name, "images": list(trial.images)})
            connection.execute(HANDED.insert().values(reader=reader, trial=trial.name, at=at))

    def _draft(self, reader: str, trial: Trial, connection: Connection) -> dict[str, Any] | None:
        body = connection.execute(
            sa.select(DRAFT.c.body).where(DRAFT.c.reader == reader, DRAFT.c.trial == trial.name)
        ).scalar_one_or_none()
        return json.loads(body) if body else None

    def respond(self, reader: str, trial_name: str, key: str, body: dict[str, Any]) -> tuple[Receipt, bool]:
        """Take a response.

        Args:
            reader: Who is signed in, whatever the request says.
            trial_name: The trial that is answered.
            key: Idempotency key of the sender; the same key again gives the same receipt and changes nothing.
            body: ``answer``, ``timing``, ``events`` and ``screen``.

        Returns:
            The receipt, and whether the response was new.

        Raises:
            Refused: It is not this trial's turn, the trial is another reader's, or the key was used for another body.
            ReadingError: The answer does not answer the questions.
        """
        plan = self.plans.get(reader)
        trial = next((one for one in plan.trials if one.name == trial_name), None) if plan else None
        if trial is None:
            raise Refused("has no such trial for this reader", status=404)
        text = canonical(body | {"answer": check_answer(body["answer"], self.design.questions, trial)})
        with self.store.writing() as connection:
            lock_log(connection)
            if earlier := self._same_key(reader, trial, key, text, connection):
                return earlier, False
            standing = self.standing(reader, connection)
            revision = self._revision(standing, trial)
            at, digest = self.now(), hashlib.sha256(text.encode()).hexdigest()
            entry = {"trial": trial.name, "revision": revision, "key": key, "body_sha256": digest}
            receipt = append(connection, at, reader, "response", entry)
            connection.execute(
                RESPONSE.insert().values(
                    reader=reader, trial=trial.name, revision=revision, key=key, body=text, at=at, seq=receipt.seq
                )
            )
            connection.execute(DRAFT.delete().where(DRAFT.c.reader == reader, DRAFT.c.trial == trial.name))
        return receipt, True

    def _same_key(self, reader: str, trial: Trial, key: str, text: str, connection: Connection) -> Receipt | None:
        row = connection.execute(sa.select(RESPONSE).where(RESPONSE.c.key == key)).one_or_none()
        if row is None:
            return None
        if (row.reader, row.trial, row.body) != (reader, trial.name, text):
            raise Refused("has seen this key with another response")
        digest = connection.execute(sa.select(LOG.c.hash).where(LOG.c.seq == row.seq)).scalar_one()
        return Receipt(row.seq, digest)

    def _revision(self, standing: Standing, trial: Trial) -> int:
        if trial.name in standing.answered:
            if not self.design.go_back:
                raise Refused("has an answer to this trial already", value=trial.name)
            return standing.answered[trial.name] + 1
        if standing.trial != trial:
            raise Refused("is at another trial", value=standing.trial.name if standing.trial else "none")
        return 0

    def save_draft(self, reader: str, trial_name: str, body: dict[str, Any]) -> None:
        """Keep what a reader has entered so far. Drafts are no responses: they are overwritten, and never analysed.

        Raises:
            Refused: It is not this trial's turn.
        """
        with self.store.writing() as connection:
            standing = self.standing(reader, connection)
            if standing.trial is None or standing.trial.name != trial_name:
                raise Refused("is at another trial", value=standing.trial.name if standing.trial else "none")
            connection.execute(DRAFT.delete().where(DRAFT.c.reader == reader, DRAFT.c.trial == trial_name))
            connection.execute(
                DRAFT.insert().values(reader=reader, trial=trial_name, body=canonical(body), at=self.now())
            )

    def note(self, reader: str, kind: str, body: dict[str, Any]) -> None:
        """Write an entry that is no response, such as a pause."""
        with self.store.writing() as connection:
            append(connection, self.now(), reader, kind, body)

    def earlier(self, reader: str, number: int) -> tuple[Trial, dict[str, Any]]:
        """Return a trial that was answered, and its latest answer, where the design lets readers go back.

        Raises:
            Refused: The design does not, or the trial was not answered.
        """
        with self.store.reading() as connection:
            standing = self.standing(reader, connection)
            trials = standing.plan.trials
            if not self.design.go_back or not 0 <= number < len(trials) or trials[number].name not in standing.answered:
                raise Refused("does not go back to this trial", status=403)
            trial = trials[number]
            where = sa.and_(RESPONSE.c.reader == reader, RESPONSE.c.trial == trial.name)
            body = connection.execute(
                sa.select(RESPONSE.c.body).where(where).order_by(RESPONSE.c.revision.desc()).limit(1)
            ).scalar_one()
        return trial, json.loads(body)["answer"]

    def ahead(self, standing: Standing) -> tuple[str, ...]:
        """Images of the next trial, which may be fetched early; never an aid, nor what a wait lies before."""
        if standing.trial is None or self.design.kind is StudyKind.CHANGE:
            return ()
        after = standing.plan.trials[standing.number + 1 : standing.number + 2]
        return after[0].images if after and after[0].session == standing.trial.session else ()

    def tile(self, reader: str, image: str, place: tuple[int, int, int, int]) -> bytes:
        """Return one tile of an image that the reader may see now; of a slide, as it was coded.

        Raises:
            Refused: The image is not of the reader's present (or next) trial, whether it exists or not.
        """
        self._may_see(reader, image)
        level, z, row, column = place
        head = self.head(image)
        if head.depth in CODED:
            if z:
                raise Refused("has no such part", status=404)
            with (self.folder / f"{image}.bin").open("rb") as stream:
                return read_slide_tile(stream, head, level, row, column)
        return read_tile(self.folder, image, head, level, z, row, column)

    def volume(self, reader: str, image: str) -> tuple[bytes, Path]:
        """Return the header of a volume that the reader may see now, and the file whose bytes follow it.

        Raises:
            Refused: The image is not of the reader's present (or next) trial, or is no volume.
        """
        self._may_see(reader, image)
        head = self.head(image)
        if head.slices == 1:
            raise Refused("shows no such volume now", status=404)
        return volume_header(head), self.folder / f"{image}.bin"

    def _may_see(self, reader: str, image: str) -> None:
        with self.store.reading() as connection:
            standing = self.standing(reader, connection)
        seen = set(standing.trial.images if standing.trial else ()) | set(self.ahead(standing))
        if self.design.go_back:
            seen |= {one for t in standing.plan.trials if t.name in standing.answered for one in t.images}
        if image not in seen:
            raise Refused("shows no such image now", status=404)

    @cached_property
    def slides(self) -> bool:
        """Whether any image of the study is larger than a tile: then all pictures in colour are shown as slides."""
        images = {one for plan in self.design.readers for trial in plan.trials for one in trial.images}
        return any(head.levels > 1 and head.depth in IN_COLOUR for head in map(self.head, images))

    def head(self, image: str) -> EncodedImage:
        """Return what the viewer must know of an image."""
        with self._turn:
            if image not in self._heads:
                self._heads[image] = EncodedImage.read(self.folder / f"{image}.json")
            return self._heads[image]
