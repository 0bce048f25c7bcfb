//! SQLite and PostgreSQL behind one synchronous unit of work.
