//! `jangteo admin`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context, anyhow};
use jangteo_application::{RegisterUser, submit};
use jangteo_user::{Email, Password, PasswordHasher, PersonName, Profile, Role};

use super::{DONE, say};
use crate::config::Settings;
use crate::shop::Shop;
use crate::storage;

pub(super) async fn create(settings: &Settings, email: Email, name: PersonName) -> anyhow::Result<u8> {
    let password = read_password()?;
    let (shop, _) = Shop::open(settings).await?;
    storage::prepare(&shop.storage, settings).await?;
    let password_hash = shop.passwords.hash_password(password).await.map_err(|cause| anyhow!(cause))?;
    let profile = Profile { email, name, phone: None };
    let command = RegisterUser { profile, role: Role::Admin, password_hash };
    let user = submit(&shop.storage, &shop.use_cases.register, &shop.sources, command).await??;
    say(format!("created administrator {}", user.id))?;
    shop.storage.close().await?;
    Ok(DONE)
}

/// One line of standard input.
fn read_password() -> anyhow::Result<Password> {
    if io::stdin().is_terminal() {
        write!(io::stderr(), "Password: ")?;
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']).parse();
    password.context("the password on standard input cannot be used")
}
