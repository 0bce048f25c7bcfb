//! Who calls and what he may see: tokens, call context, scope.
