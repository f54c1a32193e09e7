"""Routes of documents; sharing's own routes are put under each."""

from django.urls import URLPattern, URLResolver, include, path

from permissions.urls import share_urls

from .models import Document
from .views import DocumentsView, DocumentView, HomeView, ServiceWorkerView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", HomeView.as_view(), name="home"),
    path("sw.js", ServiceWorkerView.as_view(), name="service-worker"),
    path("documents/", DocumentsView.as_view(), name="documents"),
    path("documents/<uuid:pk>/", DocumentView.as_view(), name="document"),
    path("documents/<uuid:pk>/", include(share_urls(Document.objects.all()))),
]
