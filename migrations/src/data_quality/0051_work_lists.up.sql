-- Work lists, newest first, and which of them hold records of a dealer.
CREATE INDEX ix_work_lists_newest ON work_lists (created_at, id);
CREATE INDEX ix_work_items_of_dealer ON work_items (dealer, list);
