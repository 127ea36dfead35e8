"""Posting: each client signs up (or in), says where it is from, and posts its jobs one after the other."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from infra.client import Api, Person, Refused
from infra.load_jobs.memory import Memory
from infra.load_jobs.posts import Post, Refusal
from infra.wire import Seen

DOMAIN = "job-posts.example"


class Tally:
    """What has become of the posts so far. `refusals` are those that nobody posted, each with its reason."""

    def __init__(self) -> None:
        self.posted = 0
        self.posted_before = 0
        self.refusals: list[Refusal] = []

    @property
    def done(self) -> int:
        """How many posts are dealt with."""
        return self.posted + self.posted_before + len(self.refusals)

    def by_reason(self) -> Counter[str]:
        """Count the refused posts by their reason."""
        return Counter(refusal.reason for refusal in self.refusals)


class Loader:
    """Loads posts through an API, several clients at once. `moved` is called whenever the tally has changed."""

    def __init__(self, api: Api, memory: Memory, tally: Tally, moved: Callable[[], None]) -> None:
        self._api = api
        self._memory = memory
        self._tally = tally
        self._moved = moved

    async def load(self, posts: Iterable[Post], *, at_once: int) -> None:
        """Post everything that is not loaded yet. Raises Unreachable when the API stays away."""
        loaded = self._memory.loaded()
        waiting: defaultdict[str, list[Post]] = defaultdict(list)
        for post in posts:
            if post.id in loaded:
                self._tally.posted_before += 1
            else:
                waiting[post.client].append(post)
        self._moved()
        clients = iter(waiting.values())
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._work_through(clients))

    async def _work_through(self, clients: Iterable[list[Post]]) -> None:
        for posts in clients:
            client = await self._client(posts[0])
            for post in posts:
                await self._post(client, post)

    async def _client(self, post: Post) -> Person:
        person = await self._api.join(
            name=f"Client {post.client[:12]}",
            email=f"client-{post.client}@{DOMAIN}",
            password=self._memory.password_of(post.client),
            roles=("employer",),
        )
        if post.country:
            change = {"profile": {"country": post.country[:60]}}
            await person.put(f"/api/users/{person.id}", change, into=Seen)
        return person

    async def _post(self, client: Person, post: Post) -> None:
        try:
            job = await client.post("/api/jobs", post.job, into=Seen, key=f"job-post-{post.id}")
        except Refused as refused:
            self._tally.refusals.append(Refusal(id=post.id, title=post.job.title, reason=refused.reason))
        else:
            self._memory.note(post.id, job.id)
            self._tally.posted += 1
        self._moved()
