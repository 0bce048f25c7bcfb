DROP INDEX ix_vehicle_rows_vin;
