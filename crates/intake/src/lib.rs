//! How a dealer's file becomes rows in a store: spool, batch, checkpoint, outcome.
