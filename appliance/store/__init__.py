"""The SQLite store: the bus on which the processes meet. All writes go through Store.change()."""
