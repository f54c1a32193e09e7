"""Routes of documents; sharing's own routes are put under each."""

from django.urls import URLPattern, URLResolver, include, path

from permissions.invitation_views import InvitationView
from permissions.urls import outside_urls

from .entrance_views import EntranceView
from .export_views import ExportView
from .home_views import HomeView
from .image_views import ImagesView, ImageView
from .models import Document
from .views import DocumentsView, DocumentView, ServiceWorkerView
from .welcome_views import WelcomeView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", HomeView.as_view(), name="home"),
    path("sw.js", ServiceWorkerView.as_view(), name="service-worker"),
    path("welcome/", WelcomeView.as_view(), name="welcome"),
    path("documents/", DocumentsView.as_view(), name="documents"),
    path("documents/<uuid:pk>/", DocumentView.as_view(), name="document"),
    path("documents/<uuid:pk>/entrance/", EntranceView.as_view(), name="entrance"),
    path("documents/<uuid:pk>/", include(outside_urls(Document.objects.all()))),
    path("invitations/<str:secret>/", InvitationView.as_view(model=Document), name="invitation"),
    path("documents/<uuid:pk>/images/", ImagesView.as_view(), name="images"),
    path("documents/<uuid:pk>/images/<uuid:image>/", ImageView.as_view(), name="image"),
    path("documents/<uuid:pk>/export/", ExportView.as_view(), name="export"),
]
