-- Pins of blocks that the account's images refer to name them by the first 5 bytes of T1 from here on, packed ascending as tag ids were, so that no
-- row has to be found for a pin. What sessions kept until now stays as it is, in tag ids: level -1. It goes with its sessions.
ALTER TABLE pin_vector RENAME COLUMN tags TO members;
UPDATE pin_vector SET level = -1;
