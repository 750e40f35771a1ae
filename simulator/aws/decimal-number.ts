/**
 * Numbers as DynamoDB keeps them: at most 38 significant digits, compared and given back by value, so `1.50` comes back as `1.5`. They are
 * texts throughout and never become JavaScript numbers.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
 */

const DIGITS_MAX = 38;
const LARGEST_EXPONENT = 125;
const SMALLEST_EXPONENT = -130;

/** What almost every number is: whole, short, without ornament. */
const ALREADY_NORMAL = /^(?:0|-?[1-9][0-9]{0,37})$/;
const ANY = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,6}))?$/;

export type NumberFault = { readonly message: string };

/** The text that DynamoDB answers for this number, or why it refuses it. */
export function normalNumber(text: string): string | NumberFault {
  if (ALREADY_NORMAL.test(text)) return text;
  const parts = ANY.exec(text);
  const whole = parts?.[2] ?? '';
  const fraction = parts?.[3] ?? '';
  if (whole + fraction === '') {
    return {
      message:
        text === ''
          ? 'The parameter cannot be converted to a numeric value'
          : `The parameter cannot be converted to a numeric value: ${text}`,
    };
  }
  let digits = (whole + fraction).replace(/^0+/, '');
  let exponent = Number(parts?.[4] ?? 0) - fraction.length;
  const trimmed = digits.replace(/0+$/, '');
  exponent += digits.length - trimmed.length;
  digits = trimmed;
  if (digits === '') return '0';
  const magnitude = digits.length - 1 + exponent;
  if (magnitude > LARGEST_EXPONENT)
    return { message: 'Number overflow. Attempting to store a number with magnitude larger than supported range' };
  if (magnitude < SMALLEST_EXPONENT)
    return { message: 'Number underflow. Attempting to store a number with magnitude smaller than supported range' };
  if (digits.length > DIGITS_MAX)
    return { message: `Attempting to store more than ${DIGITS_MAX} significant digits in a Number` };
  return `${parts?.[1] === '-' ? '-' : ''}${plain(digits, exponent)}`;
}

function plain(digits: string, exponent: number): string {
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  if (-exponent < digits.length) return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
  return `0.${'0'.repeat(-exponent - digits.length)}${digits}`;
}
