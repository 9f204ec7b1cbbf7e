/* The gate's texts, as a table: a word a verdict, and a line with the next step a group of reasons, in five languages.
 * No text names a document or a person, and HOLD has one text for every cause.
 * The French, Haitian and Portuguese columns need a native reader before they are relied on. */
#include "verify/headline.h"

enum language { ES, EN, FR, HT, PT, LANGUAGES };

static const char *const words[][LANGUAGES] = {
    [VERIFY_NONE] = {"REVISE", "CHECK", "VÉRIFIEZ", "VERIFYE", "VERIFIQUE"},
    [VERIFY_VALID] = {"PASE", "GO", "PASSEZ", "PASE", "PASSE"},
    [VERIFY_CHECK] = {"REVISE", "CHECK", "VÉRIFIEZ", "VERIFYE", "VERIFIQUE"},
    [VERIFY_INVALID] = {"ALTO", "STOP", "ARRÊT", "KANPE", "PARE"},
    [VERIFY_HOLD] = {"RETENER", "HOLD", "RETENIR", "KENBE", "RETER"},
    [VERIFY_NOT_OURS] = {"NO ES NUESTRO", "NOT OURS", "HORS SYSTÈME", "PA PA NOU", "NÃO É NOSSO"},
    [VERIFY_UNREADABLE] = {"NO SE LEE", "CANNOT READ", "ILLISIBLE", "PA KA LI", "NÃO SE LÊ"},
};

enum line {
  LINE_VALID,
  LINE_HOLD,
  LINE_STALE,
  LINE_UNKNOWN,
  LINE_CLOCK,
  LINE_HOLDER,
  LINE_COPY,
  LINE_ROUTE,
  LINE_CERTIFICATE,
  LINE_NOT_YET,
  LINE_SUPERSEDED,
  LINE_REVOKED,
  LINE_EXPIRED,
  LINE_TWIN,
  LINE_SIGNATURE,
  LINE_NOT_REGISTERED,
  LINE_NOT_LISTED,
  LINE_COPY_SEEN,
  LINE_FOREIGN,
  LINES
};

/* line, and next step */
static const char *const texts[LINES][LANGUAGES] = {
    [LINE_VALID] = {"Documento en vigor, confirmado por el registro.",
                    "In force, confirmed by the registry.", "En vigueur, confirmé par le registre.",
                    "Dokiman an bon, rejis la konfime l.", "Em vigor, confirmado pelo registro."},
    [LINE_HOLD] = {"Llame al oficial de guardia.", "Call the duty protection officer.",
                   "Appelez l'officier de garde.", "Rele ofisye degad la.",
                   "Chame o oficial de plantão."},
    [LINE_STALE] = {"La firma es buena, pero la lista de estado es antigua. Llame a la mesa de "
                    "guardia, o pase con la hoja F-3.",
                    "The signature is good, but the status list is old. Call the duty desk, or "
                    "board with form F-3.",
                    "La signature est bonne, mais la liste d'état est ancienne. Appelez la "
                    "permanence, ou passez avec la fiche F-3.",
                    "Siyati a bon, men lis eta a ansyen. Rele biwo degad la, oswa pase ak fèy F-3.",
                    "A assinatura é boa, mas a lista de estado é antiga. Ligue para o plantão, ou "
                    "passe com a folha F-3."},
    [LINE_UNKNOWN] =
        {"La firma es buena; su estado no está en la lista. Actualice la lista o llame.",
         "The signature is good; its status is not in the list. Update the list or call.",
         "La signature est bonne; son état n'est pas dans la liste. Mettez la liste à jour ou "
         "appelez.",
         "Siyati a bon; eta li pa nan lis la. Mete lis la ajou oswa rele.",
         "A assinatura é boa; seu estado não está na lista. Atualize a lista ou ligue."},
    [LINE_CLOCK] = {"Reloj del aparato atrasado. Ponga la hora y lea otra vez.",
                    "The device's clock is behind. Set the time and read again.",
                    "L'horloge de l'appareil retarde. Mettez-la à l'heure et relisez.",
                    "Revèy aparèy la an reta. Mete lè a epi li ankò.",
                    "Relógio do aparelho atrasado. Acerte a hora e leia outra vez."},
    [LINE_HOLDER] =
        {"Código bueno; el documento de la persona no coincide. Compare a mano y llame.",
         "The code is good; the person's document does not match. Compare by hand and call.",
         "Code bon; le document de la personne ne correspond pas. Comparez à la main et appelez.",
         "Kòd la bon; dokiman moun nan pa koresponn. Konpare alamen epi rele.",
         "Código bom; o documento da pessoa não confere. Compare à mão e ligue."},
    [LINE_COPY] = {"Este ejemplar fue reemplazado. Pida el ejemplar vigente.",
                   "This copy was replaced. Ask for the current copy.",
                   "Cet exemplaire a été remplacé. Demandez l'exemplaire en vigueur.",
                   "Yo ranplase kopi sa a. Mande kopi ki anvigè a.",
                   "Este exemplar foi substituído. Peça o exemplar vigente."},
    [LINE_ROUTE] =
        {"No corresponde a este vuelo o destino. Pida el documento de este viaje.",
         "Not for this flight or destination. Ask for the document of this journey.",
         "Ne correspond pas à ce vol ou à cette destination. Demandez le document de ce voyage.",
         "Li pa pou vòl sa a oswa destinasyon sa a. Mande dokiman vwayaj sa a.",
         "Não corresponde a este voo ou destino. Peça o documento desta viagem."},
    [LINE_CERTIFICATE] = {"Certificado vencido. Mire fechas y llame.",
                          "Certificate expired. Look at the dates and call.",
                          "Certificat expiré. Regardez les dates et appelez.",
                          "Sètifika a ekspire. Gade dat yo epi rele.",
                          "Certificado vencido. Veja as datas e ligue."},
    [LINE_NOT_YET] = {"Todavía no vale. Mire fechas y llame.",
                      "Not valid yet. Look at the dates and call.",
                      "Pas encore valable. Regardez les dates et appelez.",
                      "Li poko valab. Gade dat yo epi rele.",
                      "Ainda não vale. Veja as datas e ligue."},
    [LINE_SUPERSEDED] = {"Papel sustituido: existe otro posterior. Pida el vigente.",
                         "Paper superseded: a later one exists. Ask for the current one.",
                         "Papier remplacé: il en existe un plus récent. Demandez celui en vigueur.",
                         "Papye a ranplase: gen yon lòt ki pi resan. Mande sa ki anvigè a.",
                         "Papel substituído: existe outro posterior. Peça o vigente."},
    [LINE_REVOKED] = {"Documento revocado. No pasa. Llame si hay duda.",
                      "Revoked. Do not let pass. Call if in doubt.",
                      "Document révoqué. Ne passe pas. Appelez en cas de doute.",
                      "Dokiman revoke. Pa kite l pase. Rele si gen dout.",
                      "Documento revogado. Não passa. Ligue se houver dúvida."},
    [LINE_EXPIRED] = {"Documento vencido. No pasa. Llame si hay duda.",
                      "Expired. Do not let pass. Call if in doubt.",
                      "Document expiré. Ne passe pas. Appelez en cas de doute.",
                      "Dokiman ekspire. Pa kite l pase. Rele si gen dout.",
                      "Documento vencido. Não passa. Ligue se houver dúvida."},
    [LINE_TWIN] =
        {"El código y lo impreso no dicen lo mismo. Retenga el papel y llame.",
         "The code and the print do not say the same. Keep the paper and call.",
         "Le code et l'imprimé ne disent pas la même chose. Retenez le papier et appelez.",
         "Kòd la ak sa ki enprime a pa di menm bagay. Kenbe papye a epi rele.",
         "O código e o impresso não dizem o mesmo. Retenha o papel e ligue."},
    [LINE_SIGNATURE] = {"La firma no vale. No pasa. Llame.",
                        "The signature is not good. Do not let pass. Call.",
                        "La signature ne vaut pas. Ne passe pas. Appelez.",
                        "Siyati a pa valab. Pa kite l pase. Rele.",
                        "A assinatura não vale. Não passa. Ligue."},
    [LINE_NOT_REGISTERED] = {"No está en el registro. Retenga el papel y llame.",
                             "Not in the registry. Keep the paper and call.",
                             "Absent du registre. Retenez le papier et appelez.",
                             "Li pa nan rejis la. Kenbe papye a epi rele.",
                             "Não está no registro. Retenha o papel e ligue."},
    [LINE_NOT_LISTED] =
        {"La persona no está en esta hoja. Lea las demás hojas o llame.",
         "The person is not on this sheet. Read the other sheets or call.",
         "La personne n'est pas sur cette feuille. Lisez les autres feuilles ou appelez.",
         "Moun nan pa sou fèy sa a. Li lòt fèy yo oswa rele.",
         "A pessoa não está nesta folha. Leia as outras folhas ou ligue."},
    [LINE_COPY_SEEN] = {"Este ejemplar ya pasó por aquí. Compare y llame.",
                        "This copy was read here before. Compare and call.",
                        "Cet exemplaire est déjà passé ici. Comparez et appelez.",
                        "Kopi sa a te deja pase isit la. Konpare epi rele.",
                        "Este exemplar já passou por aqui. Compare e ligue."},
    [LINE_FOREIGN] =
        {"El código leído no es de este sistema. Lea el código cuadrado que está sobre el número, "
         "o escriba "
         "el número.",
         "What was read is not of this system. Read the square code above the number, or type the "
         "number.",
         "Ce qui a été lu n'est pas de ce système. Lisez le code carré au-dessus du numéro, ou "
         "tapez le "
         "numéro.",
         "Sa ki li a pa nan sistèm sa a. Li kòd kare ki anlè nimewo a, oswa ekri nimewo a.",
         "O que foi lido não é deste sistema. Leia o código quadrado acima do número, ou digite o "
         "número."},
};

static enum line line_of(enum verify_reason reason) {
  switch (reason) {
    case VERIFY_STATUS_STALE:
      return LINE_STALE;
    case VERIFY_STATUS_UNKNOWN:
      return LINE_UNKNOWN;
    case VERIFY_CLOCK_WRONG:
      return LINE_CLOCK;
    case VERIFY_HOLDER_MISMATCH:
      return LINE_HOLDER;
    case VERIFY_COPY_REPLACED:
      return LINE_COPY;
    case VERIFY_ROUTE_MISMATCH:
      return LINE_ROUTE;
    case VERIFY_EXPIRED_CERTIFICATE:
    case VERIFY_PROOF_EXPIRED:
      return LINE_CERTIFICATE;
    case VERIFY_NOT_YET_VALID:
      return LINE_NOT_YET;
    case VERIFY_SUPERSEDED:
      return LINE_SUPERSEDED;
    case VERIFY_REVOKED:
      return LINE_REVOKED;
    case VERIFY_EXPIRED:
      return LINE_EXPIRED;
    case VERIFY_TWIN_MISMATCH:
    case VERIFY_PRINTED_MRZ:
      return LINE_TWIN;
    case VERIFY_NOT_REGISTERED:
      return LINE_NOT_REGISTERED;
    case VERIFY_NOT_LISTED:
      return LINE_NOT_LISTED;
    case VERIFY_COPY_SEEN:
      return LINE_COPY_SEEN;
    case VERIFY_WRONG_FORMAT:
    case VERIFY_UNUSED_OBJECTS:
    case VERIFY_HIDDEN_LAYERS:
      return LINE_FOREIGN;
    case VERIFY_NO_REASON:
    case VERIFY_BYTES_ALTERED:
    case VERIFY_CHANGED_AFTER_SIGNING:
    case VERIFY_SIGNATURE_COVERS_PART:
    case VERIFY_NO_SIGNATURE:
    case VERIFY_INVALID_SIGNATURE:
    case VERIFY_UNKNOWN_CERTIFICATE:
    case VERIFY_UNTRUSTED_CERTIFICATE:
    case VERIFY_REVOKED_CERTIFICATE:
    case VERIFY_WRONG_DOCUMENT_TYPE:
    case VERIFY_WEAK_ALGORITHM:
      break;
  }
  return LINE_SIGNATURE;
}

static enum line line_for(const struct verify_report *r) {
  switch (r->verdict) {
    case VERIFY_VALID:
      return LINE_VALID;
    case VERIFY_HOLD:
      return LINE_HOLD;
    case VERIFY_NOT_OURS:
    case VERIFY_UNREADABLE:
      return LINE_FOREIGN;
    case VERIFY_NONE:
    case VERIFY_CHECK:
    case VERIFY_INVALID:
      break;
  }
  return line_of(r->reason_count ? r->reasons[0] : VERIFY_NO_REASON);
}

static enum language language_of(const char *tag) {
  static const char *const tags[LANGUAGES] = {"es", "en", "fr", "ht", "pt"};
  for (int i = 0; tag && i < LANGUAGES; i++) {
    if (strncmp(tag, tags[i], 2) == 0 && (tag[2] == '\0' || tag[2] == '-')) {
      return (enum language)i;
    }
  }
  return ES;
}

const char *verify_headline_public(bool confirmed, const char *language) {
  static const char *const answers[2][LANGUAGES] = {
      {"NO CONFIRMADO. Revise el número y el código, o llame.",
       "NOT CONFIRMED. Check number and code, or call.",
       "NON CONFIRMÉ. Vérifiez le numéro et le code, ou appelez.",
       "PA KONFIME. Verifye nimewo a ak kòd la, oswa rele.",
       "NÃO CONFIRMADO. Confira o número e o código, ou ligue."},
      {"CONFIRMADO.", "CONFIRMED.", "CONFIRMÉ.", "KONFIME.", "CONFIRMADO."}};
  return answers[confirmed][language_of(language)];
}

const char *verify_headline(struct sv_ctx *ctx, const struct verify_report *r,
                            const char *language) {
  enum language l = language_of(language);
  const char *text =
      sv_arena_printf(ctx->mem, "%s. %s", words[r->verdict][l], texts[line_for(r)][l]);
  return text ? text : words[r->verdict][l];
}
