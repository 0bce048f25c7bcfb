DROP TABLE vehicle_receptions;
