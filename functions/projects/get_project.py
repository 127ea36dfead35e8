"""`GET /api/projects/{id}`."""

from freehold.documents import Project, Review
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import ProjectPath
from freehold.views.projects import ProjectView, view_project
from freehold.views.reviews import view_review


@endpoint("GET /api/projects/{id}", auth="user", errors=[NotFound])
async def get_project(call: Call, path: ProjectPath) -> ProjectView:
    """Read a project that you are a party of, with its reviews: those that are published, and your own.

    Raises NotFound for anybody else.
    """
    viewer_id = call.caller.user_id
    project = await call.store.require(Project, path.id)
    if viewer_id not in {project.client_id, project.freelancer_id}:
        raise NotFound
    reviews = await call.store.find(Review, {"project_id": project.id}, sort=(("_id", 1),), limit=2)
    visible = tuple(view_review(each) for each in reviews if each.state == "published" or each.author_id == viewer_id)
    return view_project(project, viewer_id=viewer_id, reviews=visible)
