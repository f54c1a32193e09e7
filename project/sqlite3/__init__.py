"""Django's database backend for SQLite, with one thing remembered."""
