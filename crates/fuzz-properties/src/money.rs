//! Amounts of money: reading them, and calculating with what was read.

use jangteo_shared_kernel::{BasisPoints, Currency, InvalidCurrency, Money, MoneyError, Quantity};
use serde_json::Value;

/// JSON that is one amount or a list of them.
///
/// - An amount is a whole number of 64 bits and a currency of three upper-case letters, no less and nothing else.
/// - What was read is written as something that reads the same.
/// - Every sum, difference, product and portion is the exact one, or a named error if that does not fit.
pub fn money(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        currency(text);
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        assert!(serde_json::from_slice::<Money>(data).is_err(), "what is no JSON is no amount");
        return;
    };
    // As a value an object has each field once, so a field that is there twice is compared from the value's text on.
    let text = value.to_string();
    let read = serde_json::from_str::<Money>(&text);
    assert_eq!(read.ok(), expected(&value), "{text}");
    if let Ok(amount) = serde_json::from_slice::<Money>(data) {
        let written = serde_json::to_string(&amount).expect("an amount can be written");
        assert_eq!(serde_json::from_str::<Money>(&written).ok(), Some(amount), "{written}");
    }
    if let Ok(amounts) = serde_json::from_slice::<Vec<Money>>(data) {
        sum(&amounts);
        for pair in amounts.windows(2) {
            calculations(pair[0], pair[1]);
        }
    }
}

fn currency(text: &str) {
    let letters = text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase());
    match text.parse::<Currency>() {
        Ok(currency) => assert!(letters && currency.code() == text, "{text:?} is no currency"),
        Err(refused) => assert!(!letters && refused == InvalidCurrency, "{text:?} is a currency"),
    }
}

/// The amount that a value is. Like every structure here it may also be a list of its fields in their order.
fn expected(value: &Value) -> Option<Money> {
    let (amount, currency) = match value {
        Value::Object(fields) if fields.len() == 2 => (fields.get("amount")?, fields.get("currency")?),
        Value::Array(fields) => match &fields[..] {
            [amount, currency] => (amount, currency),
            _ => return None,
        },
        _ => return None,
    };
    Some(Money::new(amount.as_i64()?, currency.as_str()?.parse().ok()?))
}

fn sum(amounts: &[Money]) {
    let Some(first) = amounts.first() else { return };
    let mut left = Ok(0_i64);
    for amount in amounts {
        left = left.and_then(|sum| {
            if amount.currency() != first.currency() {
                return Err(MoneyError::CurrencyMismatch(first.currency(), amount.currency()));
            }
            sum.checked_add(amount.amount()).ok_or(MoneyError::Overflow)
        });
    }
    let expected = left.map(|sum| Money::new(sum, first.currency()));
    assert_eq!(Money::sum(first.currency(), amounts.iter().copied()), expected);
}

fn calculations(a: Money, b: Money) {
    let currency = a.currency();
    let exact = |value: i128| {
        i64::try_from(value).map(|amount| Money::new(amount, currency)).map_err(|_| MoneyError::Overflow)
    };
    let mismatch = MoneyError::CurrencyMismatch(currency, b.currency());
    let of_both = |value: i128| if currency == b.currency() { exact(value) } else { Err(mismatch) };
    let (wide_a, wide_b) = (i128::from(a.amount()), i128::from(b.amount()));
    assert_eq!(a.plus(b), of_both(wide_a + wide_b));
    assert_eq!(a.minus(b), of_both(wide_a - wide_b));
    assert_eq!(a.negated(), exact(-wide_a));
    // The second amount is a count as well, and a percentage.
    let number = u32::try_from(b.amount().unsigned_abs() % (1 << 32)).expect("it is below 2^32");
    match Quantity::new(number) {
        Ok(quantity) => assert_eq!(a.times(quantity), exact(wide_a * i128::from(number))),
        Err(_) => assert!(number > Quantity::MAX.get()),
    }
    let rate = BasisPoints::new(number % 10_001).expect("it is at most 100 %");
    let portion = a.portion(rate).expect("a portion fits");
    assert_eq!(i128::from(portion.amount()), (wide_a * i128::from(rate.get())).div_euclid(10_000));
}
