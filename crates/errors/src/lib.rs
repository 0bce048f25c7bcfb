//! Closed error codes and their form on gRPC and HTTP.
