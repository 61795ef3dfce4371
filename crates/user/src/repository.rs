//! What the context needs from a storage.

use std::collections::{BTreeMap, BTreeSet};

use jangteo_shared_kernel::{Page, PageRequest, RefreshFamilyId, StorageError, Timestamp, UserId};

use crate::{Email, PasswordHash, RefreshFamily, Role, User};

/// Locked accounts by id.
pub type Accounts = BTreeMap<UserId, User>;

/// Accounts inside a transaction.
pub trait UserRepository: Send {
    /// Locks the accounts until the transaction ends, in ascending id. MUST leave out unknown ids; deleted
    /// accounts are known.
    fn lock_users(
        &mut self,
        ids: &BTreeSet<UserId>,
    ) -> impl Future<Output = Result<Accounts, StorageError>> + Send;

    /// The living accounts with these addresses, unlocked and in no order. MUST leave out unknown addresses.
    fn find_users_by_email(
        &mut self,
        emails: &[Email],
    ) -> impl Future<Output = Result<Vec<User>, StorageError>> + Send;

    /// Adds accounts. MUST fail with [`StorageError::Transient`] if an address belongs to a living account.
    fn insert_users(&mut self, new: &[User]) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves accounts that this transaction has locked. A deleted account's personal data MUST be overwritten.
    fn save_users(&mut self, changed: &[User]) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// Log-ins inside a transaction.
pub trait RefreshFamilyRepository: Send {
    /// Locks the log-ins until the transaction ends, in ascending id. MUST leave out unknown ids.
    fn lock_refresh_families(
        &mut self,
        ids: &BTreeSet<RefreshFamilyId>,
    ) -> impl Future<Output = Result<BTreeMap<RefreshFamilyId, RefreshFamily>, StorageError>> + Send;

    /// Locks the log-ins of these users that have not ended, in ascending id. MUST leave out one that ended while its
    /// lock was waited for.
    fn lock_open_refresh_families_of(
        &mut self,
        users: &BTreeSet<UserId>,
    ) -> impl Future<Output = Result<Vec<RefreshFamily>, StorageError>> + Send;

    /// Adds log-ins.
    fn insert_refresh_families(
        &mut self,
        new: &[RefreshFamily],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;

    /// Saves log-ins that this transaction has locked.
    fn save_refresh_families(
        &mut self,
        changed: &[RefreshFamily],
    ) -> impl Future<Output = Result<(), StorageError>> + Send;
}

/// A log-in, as an access token names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: UserId,
    /// Which of theirs.
    pub family: RefreshFamilyId,
}

/// Whether an access token's account and log-in still stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStanding {
    /// The account's role now.
    pub role: Role,
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only this role.
    pub role: Option<Role>,
    /// Only the account with this address.
    pub email: Option<Email>,
}

/// A place in the list of accounts, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UserPosition {
    /// When the account was made.
    pub created_at: Timestamp,
    /// Breaks ties.
    pub id: UserId,
}

/// What a claimed password is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPassword {
    /// Whose.
    pub user: UserId,
    /// The hash of the right one.
    pub hash: PasswordHash,
}

/// Reads outside a transaction.
pub trait UserQueries: Sync {
    /// The account, deleted or not.
    fn find_user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StorageError>> + Send;

    /// The living account with this address.
    fn find_user_by_address(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Option<User>, StorageError>> + Send;

    /// The password of the living account with this address. MUST NOT open its personal data: that takes time, which would tell
    /// whoever logs in that the account is there.
    fn find_password(
        &self,
        email: &Email,
    ) -> impl Future<Output = Result<Option<KnownPassword>, StorageError>> + Send;

    /// One answer a log-in, in their order: `None` if the account was deleted, or the log-in is unknown, another's, ended or
    /// past its expiry at `now`. MUST read the primary: a log-out acts at once.
    fn session_standings(
        &self,
        sessions: &[Session],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Option<SessionStanding>>, StorageError>> + Send;

    /// The answer about one log-in.
    fn session_standing(
        &self,
        user: UserId,
        family: RefreshFamilyId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<SessionStanding>, StorageError>> + Send {
        async move {
            let standings = self.session_standings(&[Session { user, family }], now).await?;
            Ok(standings.into_iter().next().flatten())
        }
    }

    /// Living accounts, newest first.
    fn list_users(
        &self,
        filter: &UserFilter,
        page: &PageRequest<UserPosition>,
    ) -> impl Future<Output = Result<Page<User, UserPosition>, StorageError>> + Send;
}

/// A living account, and the keys that its personal data is sealed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAccount {
    /// Whose.
    pub user: UserId,
    /// The keys by id; usually one. None in a storage that seals nothing.
    pub keys: BTreeSet<u32>,
}

/// Which keys the stored personal data needs (ADR-040).
pub trait SealedAccountQueries: Sync {
    /// Living accounts in ascending id, those behind `after`, at most so many. MUST read the primary, and MUST NOT need the
    /// keys themselves. Saving an account that is locked seals it anew.
    fn list_sealed_accounts(
        &self,
        after: Option<UserId>,
        most: u32,
    ) -> impl Future<Output = Result<Vec<SealedAccount>, StorageError>> + Send;
}
