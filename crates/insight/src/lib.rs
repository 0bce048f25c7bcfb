//! What a customer is worth, how loyal he is, when he is due.
