//! Accounts and sessions.

use std::sync::Arc;

use chrono::TimeDelta;
use jangteo_application::{
    AccountNotFound, DeleteAccounts, EditProfile, EditProfiles, EmailTaken, InvalidCredentials, RegisterUser,
    RegisterUsers, SessionError, SessionPolicy, SessionTokens, Sessions,
};
use jangteo_order::{OrderQueries, OrderStatus};
use jangteo_shared_kernel::{Cause, Currency, Timestamp, UserId};
use jangteo_user::{
    AccessClaims, AccessTokens, Email, InvalidAccessToken, Password, PasswordHash, PasswordHasher,
    PasswordVerdict, Profile, ProfileEdit, RefreshRefusal, RefreshSecret, Role, SecretHash, SecretHasher,
    UserQueries,
};
use tokio::task::JoinSet;

use crate::shop::{Shop, accepted};

/// Keeps passwords readable, so that a test can see what was hashed. A hash that begins with `old:` is outdated.
struct ReadableHashes;

impl PasswordHasher for ReadableHashes {
    async fn hash_password(&self, password: Password) -> Result<PasswordHash, Cause> {
        Ok(PasswordHash::new(format!("new:{}", password.expose())))
    }

    async fn verify_password(
        &self,
        claimed: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Cause> {
        let hash = hash.as_ref().map_or("", PasswordHash::as_str);
        Ok(match hash.split_once(':') {
            Some(("new", password)) if password == claimed.expose() => PasswordVerdict::Right,
            Some(("old", password)) if password == claimed.expose() => PasswordVerdict::RightButOutdated,
            _ => PasswordVerdict::Wrong,
        })
    }
}

struct ReadableTokens;

impl AccessTokens for ReadableTokens {
    fn sign(&self, claims: &AccessClaims) -> Result<String, Cause> {
        Ok(format!("{} {} {:?}", claims.user, claims.family, claims.role))
    }

    fn verify(&self, _: &str, _: Timestamp) -> Result<AccessClaims, InvalidAccessToken> {
        Err(InvalidAccessToken)
    }
}

struct CopiedSecrets;

impl SecretHasher for CopiedSecrets {
    fn hash_secret(&self, secret: &RefreshSecret) -> SecretHash {
        SecretHash(*secret.expose())
    }
}

fn sessions(shop: &Shop) -> Sessions<ReadableHashes> {
    Sessions {
        sources: shop.sources.clone(),
        policy: SessionPolicy {
            access_lifetime: TimeDelta::minutes(15),
            refresh_lifetime: TimeDelta::days(30),
            max_lifetime: TimeDelta::days(90),
        },
        passwords: Arc::new(ReadableHashes),
        access_tokens: Arc::new(ReadableTokens),
        secrets: Arc::new(CopiedSecrets),
    }
}

fn person(email: &str) -> Profile {
    Profile { email: email.parse().unwrap(), name: "Minji".parse().unwrap(), phone: None }
}

async fn register(shop: &Shop, email: &str, hash: &str) -> Result<UserId, EmailTaken> {
    let register = RegisterUsers { sources: shop.sources.clone(), currency: Currency::KRW };
    let password_hash = PasswordHash::new(hash.to_owned());
    let command = RegisterUser { profile: person(email), role: Role::Customer, password_hash };
    shop.run(&register, command).await.map(|user| user.id)
}

async fn log_in(shop: &Shop, email: &str, password: &str) -> Option<SessionTokens> {
    let email: Email = email.parse().unwrap();
    match sessions(shop).log_in(&shop.storage, Some(&email), Password::claimed(password).unwrap()).await {
        Ok(tokens) => Some(tokens),
        Err(SessionError::Refused(InvalidCredentials)) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn stands(shop: &Shop, user: UserId, tokens: &SessionTokens) -> bool {
    let now = shop.sources.now();
    shop.storage.session_standing(user, tokens.refresh.family, now).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_belongs_to_one_account_whatever_races() {
    let shop = Shop::new();
    let mut people = JoinSet::new();
    for _ in 0..20 {
        let shop = shop.clone();
        people.spawn(async move { register(&shop, "Minji@Example.com ", "new:0123456789").await });
    }
    let outcomes = people.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_log_in_needs_the_password_and_refreshes_an_old_hash() {
    let shop = Shop::new();
    let user = register(&shop, "a@b.kr", "old:0123456789").await.unwrap();
    assert_eq!(log_in(&shop, "a@b.kr", "wrong password").await, None);
    assert_eq!(log_in(&shop, "nobody@b.kr", "0123456789").await, None);
    let tokens = log_in(&shop, "a@b.kr", "0123456789").await.unwrap();
    assert!(stands(&shop, user, &tokens).await);
    let stored = shop.storage.find_user(user).await.unwrap().unwrap();
    assert!(format!("{:?}", stored.state).contains("PasswordHash"));
    assert_eq!(stored.version, 2);
    assert!(log_in(&shop, "a@b.kr", "0123456789").await.is_some());
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_second_use_ends_the_session() {
    let shop = Shop::new();
    let user = register(&shop, "a@b.kr", "new:0123456789").await.unwrap();
    let first = log_in(&shop, "a@b.kr", "0123456789").await.unwrap();
    let sessions = sessions(&shop);
    let second = sessions.refresh(&shop.storage, &first.refresh).await.unwrap();
    assert_ne!(first.refresh, second.refresh);
    let reused = sessions.refresh(&shop.storage, &first.refresh).await;
    let Err(SessionError::Refused(refusal)) = reused else { panic!("it was used before") };
    assert_eq!(refusal, RefreshRefusal::Reused { user });
    assert!(!stands(&shop, user, &second).await);
    let ended = sessions.refresh(&shop.storage, &second.refresh).await;
    assert!(matches!(ended, Err(SessionError::Refused(RefreshRefusal::Ended))));
}

#[tokio::test]
async fn a_session_ends_by_log_out_or_by_time() {
    let shop = Shop::new();
    let user = register(&shop, "a@b.kr", "new:0123456789").await.unwrap();
    let (one, two) = (
        log_in(&shop, "a@b.kr", "0123456789").await.unwrap(),
        log_in(&shop, "a@b.kr", "0123456789").await.unwrap(),
    );
    sessions(&shop).log_out(&shop.storage, &one.refresh).await.unwrap();
    assert_eq!((stands(&shop, user, &one).await, stands(&shop, user, &two).await), (false, true));
    shop.clock.advance(TimeDelta::days(30));
    let expired = sessions(&shop).refresh(&shop.storage, &two.refresh).await;
    assert!(matches!(expired, Err(SessionError::Refused(RefreshRefusal::Expired))));
}

#[tokio::test]
async fn a_session_ends_when_it_is_as_old_as_any_may_be_however_often_it_is_refreshed() {
    let shop = Shop::new();
    let user = register(&shop, "a@b.kr", "new:0123456789").await.unwrap();
    let mut tokens = log_in(&shop, "a@b.kr", "0123456789").await.unwrap();
    let start = shop.sources.now();
    for _ in 0..8 {
        shop.clock.advance(TimeDelta::days(11));
        tokens = sessions(&shop).refresh(&shop.storage, &tokens.refresh).await.unwrap();
    }
    shop.clock.advance(start + TimeDelta::days(90) - shop.sources.now() - TimeDelta::milliseconds(1));
    assert!(stands(&shop, user, &tokens).await);
    shop.clock.advance(TimeDelta::milliseconds(1));
    assert!(!stands(&shop, user, &tokens).await);
    let expired = sessions(&shop).refresh(&shop.storage, &tokens.refresh).await;
    assert!(matches!(expired, Err(SessionError::Refused(RefreshRefusal::Expired))));
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let shop = Shop::new();
    let user = register(&shop, "a@b.kr", "new:0123456789").await.unwrap();
    let (kept, other) = (
        log_in(&shop, "a@b.kr", "0123456789").await.unwrap(),
        log_in(&shop, "a@b.kr", "0123456789").await.unwrap(),
    );
    let change = async |claimed: &str| {
        let (claimed, new) = (Password::claimed(claimed).unwrap(), "a new password".parse().unwrap());
        sessions(&shop).change_password(&shop.storage, (user, kept.refresh.family), claimed, new).await
    };
    assert!(matches!(change("wrong").await, Err(SessionError::Refused(InvalidCredentials))));
    assert!(stands(&shop, user, &other).await);
    change("0123456789").await.unwrap();
    assert_eq!((stands(&shop, user, &kept).await, stands(&shop, user, &other).await), (true, false));
    assert_eq!(log_in(&shop, "a@b.kr", "0123456789").await, None);
    assert!(log_in(&shop, "a@b.kr", "a new password").await.is_some());
}

#[tokio::test]
async fn a_deleted_account_leaves_amounts_and_nothing_personal() {
    let shop = Shop::new();
    let user = register(&shop, "a@b.kr", "new:0123456789").await.unwrap();
    let tokens = log_in(&shop, "a@b.kr", "0123456789").await.unwrap();
    accepted(shop.charge(user, 50_000).await);
    let mug = shop.product(1_000, 10).await;
    let paid = accepted(shop.place(user, &[(mug, 1)]).await).id;
    accepted(shop.pay(user, paid).await);
    let unpaid = accepted(shop.place(user, &[(mug, 2)]).await).id;

    let delete = DeleteAccounts { sources: shop.sources.clone() };
    shop.run(&delete, user).await.unwrap();
    assert_eq!(shop.run(&delete, user).await, Err(AccountNotFound));

    assert!(!stands(&shop, user, &tokens).await);
    assert_eq!(shop.storage.find_user(user).await.unwrap().unwrap().profile(), None);
    assert_eq!((shop.balance(user).await, shop.stock(mug).await), (0, 9));
    let status = async |order| shop.storage.find_order(order).await.unwrap().unwrap().status();
    assert_eq!((status(paid).await, status(unpaid).await), (OrderStatus::Paid, OrderStatus::Cancelled));
    assert_eq!(log_in(&shop, "a@b.kr", "0123456789").await, None);
    assert!(register(&shop, "a@b.kr", "new:0123456789").await.is_ok());
    let edit = EditProfile { user, edit: ProfileEdit { name: Some("Again".parse().unwrap()), phone: None } };
    assert_eq!(shop.run(&EditProfiles, edit).await, Err(AccountNotFound));
    for kind in ["user.deleted", "point.expired", "order.cancelled"] {
        assert!(shop.told().contains(&kind), "{kind}");
    }
}
