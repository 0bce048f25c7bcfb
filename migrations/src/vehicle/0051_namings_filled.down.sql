UPDATE vehicle_parties SET by_row = FALSE, named_in = NULL;
