DROP INDEX ix_work_items_of_dealer;
DROP INDEX ix_work_lists_newest;
