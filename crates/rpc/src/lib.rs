//! How roles call each other: one client type over memory or TCP, one layer stack.
