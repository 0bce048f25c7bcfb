//! What a header says, in the languages of Europe and in Chinese, Japanese and Korean.

use unicode_normalization::UnicodeNormalization as _;

use super::Role;
use crate::text::fold::fold;

/// Words that give a role away, tried in this order: the first match wins. Words are folded (no accents), parts of one
/// word are joined by `_`, which stands for anything between two words.
const HINTS: &[(Role, &str)] = &[
    // Longer words that would be taken for what they hold.
    (
        Role::ResidentId,
        "证件编号 business_licence business_license",
    ),
    (Role::Address, "contact_address postal_address"),
    (Role::Phone, "contact_number contact_no"),
    (
        Role::RowId,
        "rec_id record_id unique_id row_id rowid contact_id person_id customer_id author_id uid uuid guid record_no record_number row_number 编号 序号",
    ),
    (
        Role::Ignore,
        "source dataset file dealer_id created updated modified timestamp imported mileage valid_until 来源 里程 建档",
    ),
    (
        Role::FamilyName,
        "birth_name name_at_birth name_of_birth maiden_name nom_de_naissance meisjesnaam cognome_da_nubile",
    ),
    // Relatives and contacts: names of other people.
    (
        Role::Contact,
        "contact father mother spouse husband wife parent next_of_kin vater mutter ehemann ehefrau vader moeder partner \
         pere mere conjoint epoux epouse padre madre conyuge coniuge pai mae aktefelle ojciec matka отец мать 联系人 送修人 \
         paternita maternita baba_adi anne_adi otec matky otce nume_tata nume_mama ten_cha ten_me coauthors co_authors",
    ),
    (
        Role::FullName,
        "first_and_surname first_and_last first_last given_and_family name_surname full_name fullname whole_name \
         nom_complet nom_et_prenom nom_prenom nombre_completo nombre_y_apellidos apellidos_y_nombre nome_completo cognome_e_nome \
         cognome_nome nome_e_cognome volledige_naam naam_volledig name_vorname vorname_name imie_i_nazwisko nazwisko_i_imie \
         jmeno_a_prijmeni prijmeni_a_jmeno fullt_navn fullstandigt_namn nume_complet ad_soyad adi_soyadi ho_va_ten ho_ten \
         nama_lengkap ονοματεπωνυμο фамилия_имя прізвище_імя фио 氏名 姓名 성명 フリガナ ふりがな furigana الاسم_الكامل שם_מלא",
    ),
    (
        Role::Place,
        "birth_place birthplace place_of_birth born_in born_at town_of_birth city_of_birth parish_of_birth county_of_birth \
         geburtsort geboorteplaats geboortegemeente lieu_naissance lieu_de_naissance commune_naissance lugar_nacimiento \
         lugar_de_nacimiento luogo_nascita luogo_di_nascita comune_nascita local_nascimento local_de_nascimento naturalidade \
         miejsce_urodzenia fodested fodselssted fodelseort fodelseforsamling misto_narozeni szuletesi_hely syntymapaikka \
         dogum_yeri locul_nasterii mjesto_rodenja noi_sinh que_quan tempat_lahir место_рождения місце_народження 出生地 籍贯 출생지",
    ),
    (
        Role::Year,
        "birth_year birthyear year_of_birth yob dob_year geburtsjahr geboortejaar annee_naissance annee_de_naissance ano_nacimiento \
         anno_nascita anno_di_nascita ano_nascimento ano_de_nascimento rok_urodzenia fodselsar fodelsear rok_narozeni \
         syntymavuosi год_рождения geb_jahr gebjahr annee_naiss ano_nac anno_nasc ano_nasc rok_ur rok_urodz birth_yr",
    ),
    (
        Role::Month,
        "birth_month birthmonth month_of_birth mob dob_month syntymakuukausi geburtsmonat geboortemaand mois_naissance mes_nacimiento mese_nascita mes_nascimento",
    ),
    (
        Role::Day,
        "birth_day day_of_birth dob_day geburtstag_tag geboortedag jour_naissance dia_nacimiento giorno_nascita dia_nascimento",
    ),
    (
        Role::Date,
        "dob birth_date birthdate date_of_birth birthday birth born baptism baptised christening bapt geburt geburtsdatum \
         geburtstag geb_datum taufdatum geboortedatum geboorte doopdatum date_naissance date_de_naissance naissance bapteme \
         fecha_nac fecha_nacimiento fecha_de_nacimiento nacimiento bautismo data_nascita data_di_nascita nascita battesimo \
         data_nascimento data_de_nascimento nascimento batismo data_urodzenia urodzenia fodselsdato fodselsdag fodelsedatum fodelsedag fodsel fodd \
         datum_narozeni narozeni szuletes szuletesi_datum syntymaaika dogum_tarihi geb_dat gebdat gebdatum date_naiss dt_naiss \
         fec_nac data_nasc dt_nasc data_ur data_urodz geboren getauft gedoopt nato nata battezzato nacido nacida bautizado nascido \
         nascida batizado ne_le nee_le fodt dobt dopt dopdatum dop urodzony urodzona narozen narozena krest szuletett syntynyt \
         dogum data_nasterii nascut datum_rodenja datum_rojstva rojen ngay_sinh tanggal_lahir gimimo_data dzimsanas_datums \
         sunniaeg ημερομηνια_γεννησης γεννηση дата_народження дата_рождения рожден крещен تاريخ_الميلاد תאריך_לידה 生日 出生 生年月日 생년월일",
    ),
    (
        Role::Recorded,
        "census census_year census_date snapshot snapshot_dt election election_date list_year recorded record_year record_date \
         survey_year survey_date enumeration enumerated volkszahlung volkstelling recensement censo censimento spis перепись",
    ),
    (Role::Vin, "vin 车架 车辆识别"),
    (Role::Plate, "plate licence_no 车牌"),
    (
        Role::ResidentId,
        "id_no id_number id_card idcard idno identity_no identity_number identity_card tax_no tax_number uscc \
         身份证 证件号 credit_code 信用代码 信用码 营业执照 组织机构代码 税号 税务登记号 纳税人识别号",
    ),
    (
        Role::Email,
        "email e_mail mail courriel correo correo_electronico posta_elettronica epost почта 邮箱 邮件 이메일",
    ),
    (
        Role::Phone,
        "phone mobile telephone tel cell cellphone landline alternate_number fax handy telefon telefonnummer mobilnummer telefoon telefoonnummer portable \
         telefono movil celular cellulare telefone telemovel gsm puhelin matkapuhelin fone fono telf tlf dien_thoai telepon τηλεφωνο \
         телефон الهاتف טלפון 手机 电话 联系方式 固话 座机 宅电 备用号码 電話 전화 연락처",
    ),
    (
        Role::FamilyName,
        "surname last_name lastname last_nm name_last namelast sname sirname lname family_name family nachname familienname zuname maiden geburtsname achternaam \
         familienaam nom_de_famille nom_famille nom apellido apellidos primer_apellido segundo_apellido cognome sobrenome \
         apelido ultimo_nome nazwisko etternavn efternavn efternamn slektsnavn prijmeni priezvisko vezeteknev csaladnev sukunimi prezime \
         soyad soyadi prijm nume_de_familie prezime priimek pavarde uzvards perekonnanimi επωνυμο nama_belakang прізвище фамилия \
         اسم_العائلة שם_משפחה 姓 성",
    ),
    (
        Role::GivenName,
        "given given_name first_name firstname first_nm name_first namefrst namefirst forename forenames gname fname christian_name middle initials vorname rufname taufname voornaam \
         voornamen tussenvoegsel patroniem patronymic patronym roepnaam prenom prenoms nombre nombres nome_proprio primeiro_nome \
         imie imiona fornavn fornamn tilltalsnamn jmeno krstne keresztnev utonev etunimi adi voorletters ime midl_name mid_name mname \
         second_name prenume vardas vards eesnimi ονομα nama_depan імя имя отчество الاسم_الأول שם_פרטי 名",
    ),
    (
        Role::Postcode,
        "postcode post_code postal zip plz postleitzahl code_postal codigo_postal cod_postal cap cep codice_postale kod_pocztowy \
         postnummer postnr psc iranyitoszam postinumero индекс 邮编 邮便番号 우편번호",
    ),
    (
        Role::HouseNumber,
        "street_number street_num house_number house_num street_no house_no hausnummer hausnr huisnummer huisnr numero_rue numero_civico numero_casa \
         numero_de_casa nr_domu husnummer numer_domu дом",
    ),
    (
        Role::Gender,
        "gender sex geschlecht geslacht sexe sexo sesso genero plec kjonn kon sukupuoli pohlavi pohl cinsiyet gioi_tinh jenis_kelamin sugu lytis dzimums φυλο стать spol пол 性别 性別 称谓 성별",
    ),
    (
        Role::Age,
        "age aged age_years alter leeftijd edad eta idade wiek alder vek kor ika yas vuk varsta tuoi umur amzius vecums ηλικια вік возраст 年龄 年齢 나이",
    ),
    (
        Role::Address,
        "address addr street road adresse strasse adres straat rue voie direccion calle domicilio indirizzo via endereco \
         morada rua ulica adress gata gate gade vej osoite katu cim lakcim utca adresa dia_chi alamat logradouro διευθυνση адреса адрес улица العنوان כתובת 地址 住址 住所 주소",
    ),
    (
        Role::Place,
        "city town suburb village county place locality district region municipality parish residence stadt ort wohnort \
         gemeinde dorf kreis pfarrei woonplaats plaats gemeente stad parochie ville commune paroisse departement lieu ciudad \
         municipio localidad poblacion parroquia citta comune localita paese parrocchia cidade freguesia concelho miasto \
         miejscowosc gmina parafia powiat poststed kommune sogn socken forsamling ort mesto obec varos kaupunki sehir ilce localitate oras judet mjesto tinh thanh_pho xa huyen kota πολη asuinpaikka місто \
         gard by_gard farm torp город село 城市 都市 도시",
    ),
    (
        Role::Kind,
        "kind type ctype customer_type cust_type client_type party_type 类型 类别 客户性质 客户属性 车主性质 个人_单位 類型 類別",
    ),
    (
        Role::FullName,
        "name naam namn navn nome nazwa nimi jmeno nev isim nume nama 姓名 名字 名称 名稱 客户 客戶 车主 author autor auteur autore author_name title \
         имя 이름 الاسم שם",
    ),
    (
        Role::Code,
        "ssn soc_sec social_security passport national_id nhs tax_id licence license bsn nif dni nie curp rfc cpf nss \
         codice_fiscale pesel personnummer fodselsnummer cpr hetu rodne_cislo steuernummer insee снилс инн",
    ),
];

/// True for a header that says "year" and not of what.
pub(super) fn is_bare_year(header: &str) -> bool {
    BARE_YEAR.contains(&words_of(header).as_str())
}

const BARE_YEAR: [&str; 10] = [
    "year", "jahr", "jaar", "annee", "ano", "anno", "rok", "ar", "год", "an",
];

/// True for a header that says birth or baptism; all words for dates and years above do, but for the bare years.
pub(crate) fn speaks_of_birth(header: &str) -> bool {
    matches!(hinted_role(header), Some(Role::Date | Role::Year)) && !is_bare_year(header)
}

/// Identity numbers that a person has one of.
const OWN_NUMBERS: &str = "pesel bsn burgerservicenummer cpf dni nie nif personnummer personnr personal_number \
     personal_identity_number ssn social_security sin social_insurance national_id national_identity identity_number \
     identity_card 身份证 身分证";

/// Words that say so only where they are the whole header: a `file_id_no` is of the file.
const OWN_ALONE: [&str; 7] = [
    "id_number",
    "id_no",
    "id_nr",
    "id_card",
    "idcard",
    "证件号",
    "证件号码",
];

/// How words begin that make a number another's: guardians, relatives, employers.
const OF_ANOTHER: [&str; 29] = [
    "guardian",
    "parent",
    "mother",
    "father",
    "spouse",
    "partner",
    "contact",
    "emergency",
    "employer",
    "company",
    "firm",
    "organi",
    "doctor",
    "physician",
    "vormund",
    "eltern",
    "arbeitgeber",
    "voogd",
    "ouder",
    "werkgever",
    "tuteur",
    "tutor",
    "employeur",
    "responsa",
    "representant",
    "opiekun",
    "rodzic",
    "matki",
    "ojca",
];
const OF_ANOTHER_HAN: [&str; 10] = [
    "监护",
    "家长",
    "父",
    "母",
    "配偶",
    "联系人",
    "单位",
    "企业",
    "公司",
    "法人",
];

/// How plainly a header says that its numbers are the person's own: 0 names the number, 1 is general, 2 is said by content
/// alone (`is_resident_id`); `None` if they are no identity numbers or another's.
pub(crate) fn own_number_rank(header: &str, is_resident_id: bool) -> Option<u8> {
    let folded = words_of(header);
    let is_of_another = folded
        .split('_')
        .any(|word| OF_ANOTHER.iter().any(|start| word.starts_with(start)))
        || OF_ANOTHER_HAN.iter().any(|word| folded.contains(word));
    if is_of_another {
        return None;
    }
    let mut named = OWN_NUMBERS.split_ascii_whitespace();
    if named.any(|word| contains_word(&folded, &composed(&fold(word)))) {
        return Some(0);
    }
    if OWN_ALONE.contains(&folded.as_str()) {
        return Some(1);
    }
    is_resident_id.then_some(2)
}

/// The role that a header hints at; content has the last word.
pub(super) fn hinted_role(header: &str) -> Option<Role> {
    let folded = words_of(header);
    match folded.as_str() {
        "id" | "key" | "index" | "no" | "nr" | "" => return Some(Role::RowId),
        "by" | "生年" => return Some(Role::Year),
        bare if BARE_YEAR.contains(&bare) => return Some(Role::Year),
        "geb" | "naiss" | "nac" | "nasc" | "nar" | "ur" | "narodz" | "рожд" => {
            return Some(Role::Date);
        }
        // What lists abbreviate; numbers under such a header are none of it.
        "first" | "jm" | "fn" | "vn" | "vorn" | "voorn" | "pren" => return Some(Role::GivenName),
        "last" | "ln" | "sn" | "nn" | "zun" | "nachn" | "apell" | "cogn" => {
            return Some(Role::FamilyName);
        }
        "bm" | "month" | "monat" | "maand" | "mois" | "mes" | "mese" | "miesiac" | "месяц" => {
            return Some(Role::Month);
        }
        "bd" | "day" | "tag" | "dag" | "jour" | "dia" | "giorno" | "dzien" | "день" => {
            return Some(Role::Day);
        }
        "owner" | "car_owner" | "vehicle_owner" => return Some(Role::FullName),
        "state" | "province" | "country" | "provincia" | "provincie" | "land" | "pays" | "pais"
        | "省份" => return Some(Role::Category),
        // One word for "name" beside columns of its own for the family name: see `recognise`.
        "ad" => return Some(Role::GivenName),
        _ => {}
    }
    let hints_at = |words: &str| {
        let mut words = words.split_ascii_whitespace();
        words.any(|word| contains_word(&folded, &composed(&fold(word))))
    };
    let found = HINTS.iter().find(|(_, words)| hints_at(words))?.0;
    // The number of a contact is a number.
    let reached_by = HINTS
        .iter()
        .filter(|(role, _)| found == Role::Contact && matches!(role, Role::Phone | Role::Email))
        .find(|(_, words)| hints_at(words));
    Some(reached_by.map_or(found, |(role, _)| *role))
}

/// Folding takes Korean syllables apart; here they are whole again.
fn composed(folded: &str) -> String {
    folded.nfc().collect()
}

/// The words of a header, joined by `_`: `firstName`, `First name` and `FIRST-NAME` all give `first_name`.
fn words_of(header: &str) -> String {
    let mut split = String::with_capacity(header.len() + 4);
    let mut before_is_lower = false;
    for character in header.trim().chars() {
        if before_is_lower && character.is_uppercase() {
            split.push('_');
        }
        before_is_lower = character.is_lowercase();
        split.push(character);
    }
    let folded: String = composed(&fold(&split))
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    folded
        .split('_')
        .filter(|part| !part.is_empty() && *part != "s")
        .collect::<Vec<_>>()
        .join("_")
}

/// True if `word` stands in `header` without letters glued to it; Chinese, Japanese and Korean need no such borders.
fn contains_word(header: &str, word: &str) -> bool {
    let is_spaced = |c: char| c.is_alphabetic() && !is_unspaced(c);
    let is_letter = |c: Option<char>| c.is_some_and(is_spaced);
    let is_whole = word.chars().any(is_spaced);
    // A single character such as 姓 is too little inside a longer header.
    if !is_whole && word.chars().count() == 1 {
        return header == word;
    }
    header.match_indices(word).any(|(at, found)| {
        !is_whole
            || !is_letter(header[..at].chars().next_back())
                && !is_letter(header[at + found.len()..].chars().next())
    })
}

/// True for scripts written without spaces between words.
fn is_unspaced(character: char) -> bool {
    crate::text::fold::is_han(character)
        || matches!(character, '\u{3040}'..='\u{30ff}' | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_many_files_are_understood() {
        for (header, role) in [
            ("given_name", Role::GivenName),
            ("fname_c1", Role::GivenName),
            ("lname_c2", Role::FamilyName),
            ("date_of_birth", Role::Date),
            ("birth_place", Role::Place),
            ("postcode_fake", Role::Postcode),
            ("by", Role::Year),
            ("bd", Role::Day),
            ("Site name", Role::FullName),
            ("手机号码", Role::Phone),
            ("id", Role::RowId),
            ("unique_id", Role::RowId),
            ("address_1", Role::Address),
            ("id_no", Role::ResidentId),
            ("soc_sec_id", Role::Code),
            ("full_name", Role::FullName),
            ("first_and_surname", Role::FullName),
            ("dealer_id", Role::Ignore),
            ("Zip", Role::Postcode),
            ("first_name", Role::GivenName),
            ("firstName", Role::GivenName),
            ("Father's name", Role::Contact),
            ("contact_phone", Role::Phone),
            ("联系人电话", Role::Phone),
            ("電話", Role::Phone),
            ("郵便番号", Role::Postcode),
            ("이름", Role::FullName),
            ("birth_name", Role::FamilyName),
            ("dob_month", Role::Month),
            ("matkapuhelin", Role::Phone),
        ] {
            assert_eq!(hinted_role(header), Some(role), "{header}");
        }
        assert_eq!(hinted_role("occupation"), None);
    }

    #[test]
    fn headers_of_birth_are_told_from_other_dates() {
        for header in [
            "dob",
            "date_of_birth",
            "birth_year",
            "Geburtsjahr",
            "by",
            "yob",
            "rok_urodzenia",
            "rok_ur",
            "geb",
            "fecha_nac",
            "出生",
            "生日",
        ] {
            assert!(speaks_of_birth(header), "{header}");
        }
        for header in ["year", "date", "Jahr", "marriage_date", "census", "name"] {
            assert!(!speaks_of_birth(header), "{header}");
        }
    }

    #[test]
    fn a_persons_own_numbers_are_told_from_others() {
        for (header, rank) in [
            ("PESEL", Some(0)),
            ("customer_bsn", Some(0)),
            ("身份证号", Some(0)),
            ("id_number", Some(1)),
            ("file_id_number", None),
            ("siren", None),
            ("card_number", None),
            ("pesel_opiekuna", None),
            ("guardianPesel", None),
            ("监护人身份证", None),
        ] {
            assert_eq!(own_number_rank(header, false), rank, "{header}");
        }
        assert_eq!(own_number_rank("x1", true), Some(2));
        assert_eq!(own_number_rank("监护人身份证", true), None);
    }

    #[test]
    fn headers_of_other_languages_are_understood() {
        for (header, role) in [
            ("Vorname", Role::GivenName),
            ("Geburtsdatum", Role::Date),
            ("Geburtsort", Role::Place),
            ("Straße", Role::Address),
            ("PLZ", Role::Postcode),
            ("achternaam", Role::FamilyName),
            ("geboorteplaats", Role::Place),
            ("woonplaats", Role::Place),
            ("Prénom", Role::GivenName),
            ("Nom de famille", Role::FamilyName),
            ("date_naissance", Role::Date),
            ("primer_apellido", Role::FamilyName),
            ("fecha_de_nacimiento", Role::Date),
            ("cognome", Role::FamilyName),
            ("luogo di nascita", Role::Place),
            ("Imię", Role::GivenName),
            ("nazwisko", Role::FamilyName),
            ("Förnamn", Role::GivenName),
            ("fødselsdato", Role::Date),
            ("födelseår", Role::Year),
            ("фамилия", Role::FamilyName),
            ("дата рождения", Role::Date),
            ("生年月日", Role::Date),
            ("姓", Role::FamilyName),
            ("PESEL", Role::Code),
            ("first", Role::GivenName),
            ("namelast", Role::FamilyName),
            ("Contact ID", Role::RowId),
            ("生年", Role::Year),
            ("født", Role::Date),
            ("nato", Role::Date),
            ("nar.", Role::Date),
            ("příjm.", Role::FamilyName),
            ("jm.", Role::GivenName),
            ("midl_name", Role::GivenName),
            ("họ và tên", Role::FullName),
            ("ngày sinh", Role::Date),
            ("điện thoại", Role::Phone),
            ("cognome e nome", Role::FullName),
            ("фамилия имя отчество", Role::FullName),
            ("дата народження", Role::Date),
            ("επώνυμο", Role::FamilyName),
            ("tanggal_lahir", Role::Date),
            ("prenume", Role::GivenName),
            ("baba adı", Role::Contact),
            ("paternità", Role::Contact),
            ("gård", Role::Place),
            ("연락처", Role::Phone),
            ("フリガナ", Role::FullName),
            ("author", Role::FullName),
        ] {
            assert_eq!(hinted_role(header), Some(role), "{header}");
        }
        for header in ["Beruf", "occupation", "métier", "ocupación", "zawód"] {
            assert_eq!(hinted_role(header), None, "{header}");
        }
    }

    /// Headers that say one thing of cars' owners and another in registers: content tells.
    const BY_CONTENT: [&str; 2] = ["cert_no", "certificate_no"];

    /// A column that imports know is no other one here, whatever dealers call it.
    #[test]
    fn headers_that_imports_know_are_known_here() {
        let roles: &[(&str, &[Role])] = &[
            ("kind", &[Role::Kind]),
            ("name", &[Role::FullName]),
            ("id_number", &[Role::ResidentId, Role::Code]),
            ("credit_code", &[Role::ResidentId, Role::Code]),
            ("phone", &[Role::Phone]),
            ("phone2", &[Role::Phone]),
            ("email", &[Role::Email]),
            ("gender", &[Role::Gender]),
            ("birthday", &[Role::Date]),
            ("address", &[Role::Address]),
            ("contact_name", &[Role::Contact]),
        ];
        let schema = marque_tabular::Schema::of("customers").unwrap();
        let mut unknown = Vec::new();
        for (name, wanted) in roles {
            let column = &schema.columns[schema.column(name).unwrap()];
            let headers = std::iter::once(*name).chain(column.aliases());
            for header in headers.filter(|header| !BY_CONTENT.contains(header)) {
                let found = hinted_role(header);
                if !found.is_some_and(|role| wanted.contains(&role)) {
                    unknown.push((*name, header, found));
                }
            }
        }
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
