//! Log-ins.

use jangteo_shared_kernel::{RefreshFamilyId, StorageError, UserId};
use jangteo_user::{RefreshFamily, SecretHash};

use crate::entity::refresh_families;
use crate::error::Place;

pub(crate) fn row(family: &RefreshFamily) -> refresh_families::Model {
    refresh_families::Model {
        id: family.id.as_uuid(),
        user_id: family.user.as_uuid(),
        current_hash: family.current.0.to_vec(),
        created_at: family.created_at,
        expires_at: family.expires_at,
        ended_at: family.ended_at,
    }
}

pub(crate) fn family(row: refresh_families::Model) -> Result<RefreshFamily, StorageError> {
    let id = RefreshFamilyId::from_uuid(row.id);
    let place = Place { table: "refresh_families", id: &id };
    let hash = <[u8; 32]>::try_from(row.current_hash).map_err(|_| "it is not 32 bytes long");
    Ok(RefreshFamily {
        id,
        user: UserId::from_uuid(row.user_id),
        current: SecretHash(place.read("current_hash", hash)?),
        created_at: row.created_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
    })
}
