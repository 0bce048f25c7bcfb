//! The contract: generated messages, clients, servers, descriptors.
