//! On whose behalf a use case runs, where administrators may do what owners may.

use jangteo_shared_kernel::UserId;
use jangteo_user::Role;

/// Who wants something, and in which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// In which role.
    pub role: Role,
}

impl Caller {
    /// Whether they run the shop.
    #[must_use]
    pub const fn is_admin(self) -> bool {
        match self.role {
            Role::Customer => false,
            Role::Admin => true,
        }
    }

    /// Whether they may see and touch what belongs to this user: their own things, or everything as an administrator.
    #[must_use]
    pub fn may_touch(self, owner: UserId) -> bool {
        self.user == owner || self.is_admin()
    }
}
