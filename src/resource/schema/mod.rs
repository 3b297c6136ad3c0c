//! The schemas of Istio's kinds, and what of an object does not fit them.
//!
//! The tables are generated from the CRDs that Istio publishes; the retired kinds are written by hand. The API server drops
//! fields that a schema does not know, and refuses objects with values that do not fit. Null counts as absent.

mod advice;
mod check;
mod common;
mod fit;
mod legacy;
mod limit;
mod repair;
mod retired;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod trail;

pub(super) use check::{Finding, check};
pub(super) use text::{is_invisible, is_placeholder, seconds};

use limit::Limit;

use crate::object::Gvk;

/// The limits of `int32`.
const I32_MIN: i64 = -2_147_483_648;
const I32_MAX: i64 = 2_147_483_647;

/// The schema of a kind.
struct Kind {
    /// The API group.
    group: &'static str,
    /// The name.
    name: &'static str,
    /// The versions that the schema is of.
    versions: &'static [&'static str],
    /// The fields of the object as a whole.
    root: &'static [Field],
}

impl Kind {
    /// The schema of a kind that has one.
    fn of(gvk: &Gvk) -> Option<&'static Self> {
        let is_istio = gvk.group.ends_with(".istio.io");
        let mut kinds = tables::KINDS.iter().chain(legacy::KINDS);
        kinds.find(|kind| {
            is_istio
                && kind.name == &*gvk.kind
                && kind.group == &*gvk.group
                && kind.versions.contains(&&*gvk.version)
        })
    }
}

/// A field of an object; lists of fields are sorted by name.
struct Field {
    /// The name.
    name: &'static str,
    /// Whether it must be given.
    required: bool,
    /// What it may hold.
    schema: Schema,
}

/// A field, for the tables.
const fn field(name: &'static str, required: bool, schema: Schema) -> Field {
    Field {
        name,
        required,
        schema,
    }
}

/// What a value may be.
enum Schema {
    /// Anything.
    Any,
    /// A boolean.
    Boolean,
    /// A whole number from a least to a largest one.
    Integer(i64, i64),
    /// A number from a least to a largest one.
    Number(f64, f64),
    /// A string.
    Text,
    /// A string that names something: all its characters can be seen.
    Name,
    /// A scalar that names something; what only looks like a number or boolean is let through.
    LooseName,
    /// A string such as `1.5s`, as Go writes durations.
    Duration,
    /// One of some strings.
    Enum(&'static [&'static str]),
    /// A list.
    List(&'static Schema),
    /// A mapping with any keys.
    Map(&'static Schema),
    /// A mapping with fields.
    Object(&'static [Field]),
    /// A value that must keep to limits beside its type.
    Limited(&'static Schema, &'static [Limit]),
}

impl Schema {
    /// The same without limits.
    fn inner(&self) -> &Self {
        match self {
            Self::Limited(schema, _) => schema.inner(),
            _ => self,
        }
    }
}
