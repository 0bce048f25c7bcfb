//! Which role may call which method: what the contract declares, and nothing else.

use crate::{AuthError, RoleSet};

/// Passes if one of the roles may call the method at `path` (`/package.Service/Method`).
///
/// A path the contract does not know may be called by nobody.
///
/// # Errors
/// [`AuthError::RoleMissing`] if none may.
pub fn authorize(path: &str, roles: RoleSet) -> Result<(), AuthError> {
    let allowed = marque_api::access(path)
        .map_or(RoleSet::EMPTY, |access| RoleSet::from_numbers(access.roles));
    if roles.intersects(allowed) {
        Ok(())
    } else {
        Err(AuthError::RoleMissing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn every_method_admits_exactly_its_declared_roles() {
        for access in marque_api::ACCESS {
            for role in Role::ALL {
                let declared = access.roles.contains(&role.number());
                assert_eq!(
                    authorize(access.path, role.into()).is_ok(),
                    declared,
                    "{} {role}",
                    access.path
                );
            }
            assert!(
                authorize(access.path, RoleSet::EMPTY).is_err(),
                "{}",
                access.path
            );
        }
    }

    #[test]
    fn what_is_not_declared_is_denied_to_everybody() {
        let everyone: RoleSet = Role::ALL.into_iter().collect();
        let known = marque_api::ACCESS[0].path;
        for path in [
            "",
            "/",
            "/x.Y/Z",
            &known[1..],
            &known.to_uppercase(),
            &format!("{known}/"),
            &format!("/{known}"),
        ] {
            assert_eq!(
                authorize(path, everyone),
                Err(AuthError::RoleMissing),
                "{path}"
            );
        }
    }
}
