"""The application's own engine, as many have it: one for the process, with a pool."""

import sqlite3

from sqlalchemy import create_engine, event

engine = create_engine("sqlite:///notes.db")


@event.listens_for(engine, "connect")
def prepare(connection, record):
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError(type(connection).__name__)
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = OFF")


@event.listens_for(engine, "begin")
def begin(connection):
    connection.exec_driver_sql("BEGIN IMMEDIATE")
