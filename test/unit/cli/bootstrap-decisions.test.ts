import { describe, expect, it } from 'vitest';
import {
  aptPrefix,
  debianPackages,
  missingSystemParts,
  nodeMajor,
  otherSystemCommand,
  packagesMatchLock,
  partsNeeded,
  readJavaRelease,
} from '../../../scripts/bootstrap/decisions.mjs';

describe('what the bootstrap needs', () => {
  it('asks for a database and Java only for commands that start a pipeline', () => {
    const both = { database: true, java: true };
    const none = { database: false, java: false };
    expect(partsNeeded('relay', ['up', '--sample'], {})).toEqual(both);
    expect(partsNeeded('relay', ['demo', '--writes', '5'], {})).toEqual(both);
    expect(partsNeeded('run', ['test:lanes'], {})).toEqual(both);
    expect(partsNeeded('relay', ['outputs', '--json'], {})).toEqual(none);
    expect(partsNeeded('relay', ['doctor'], {})).toEqual(none);
    expect(partsNeeded('relay', ['up', '--help'], {})).toEqual(none);
    expect(partsNeeded('run', ['check:all'], {})).toEqual(none);
  });

  it('needs no private database server for up on a database of the user, and still one for the demo', () => {
    const env = { SOURCE_URL: 'mysql://somewhere/lph' };
    expect(partsNeeded('relay', ['up'], env)).toEqual({ database: false, java: true });
    expect(partsNeeded('relay', ['demo'], env)).toEqual({ database: true, java: true });
    expect(partsNeeded('relay', ['up'], { SOURCE_URL: '' })).toEqual({ database: true, java: true });
  });

  it('misses only what is needed and was not found', () => {
    const needed = { database: true, java: true };
    expect(missingSystemParts(needed, { database: '/usr/sbin/mariadbd', java: undefined })).toEqual(['java']);
    expect(missingSystemParts(needed, { database: undefined, java: undefined })).toEqual(['database', 'java']);
    expect(missingSystemParts({ database: false, java: false }, { database: undefined, java: undefined })).toEqual([]);
  });
});

describe('what the bootstrap installs', () => {
  it('takes the Java package that this Debian release has', () => {
    expect(debianPackages(['database', 'java'])).toEqual([
      'mariadb-server-core',
      'mariadb-client-core',
      'openjdk-17-jdk-headless',
    ]);
    expect(debianPackages(['java'], (name) => name.includes('21'))).toEqual(['openjdk-21-jdk-headless']);
    expect(debianPackages(['java'], () => false)).toEqual(['default-jdk-headless']);
  });

  it('runs apt-get as root, through sudo that works, and not at all without either', () => {
    const nothing = { isRoot: false, hasSudo: false, sudoWithoutPassword: false, isTerminal: false };
    expect(aptPrefix({ ...nothing, isRoot: true })).toEqual([]);
    expect(aptPrefix({ ...nothing, hasSudo: true, sudoWithoutPassword: true })).toEqual(['sudo']);
    expect(aptPrefix({ ...nothing, hasSudo: true, isTerminal: true })).toEqual(['sudo']);
    expect(aptPrefix({ ...nothing, hasSudo: true })).toBeUndefined();
    expect(aptPrefix({ ...nothing, isTerminal: true })).toBeUndefined();
  });

  it('names the exact command of another package manager', () => {
    expect(otherSystemCommand(['database', 'java'], (name) => name === 'brew')).toBe('brew install mariadb openjdk@17');
    expect(otherSystemCommand(['java'], (name) => name === 'apk')).toBe('sudo apk add openjdk17');
    expect(otherSystemCommand(['java'], () => false)).toBeUndefined();
  });
});

describe('versions', () => {
  it('reads the major version of Node and of a Java release file', () => {
    expect(nodeMajor('v24.21.0')).toBe(24);
    expect(nodeMajor('nonsense')).toBe(0);
    expect(readJavaRelease('JAVA_VERSION="17.0.15"\nMODULES="java.base jdk.compiler"')).toEqual({
      major: 17,
      compiler: true,
    });
    expect(readJavaRelease('JAVA_VERSION="1.8.0_412"')?.major).toBe(8);
    expect(readJavaRelease('OS_NAME="Linux"')).toBeUndefined();
  });

  it('does not take a Java without its compiler for one that has it', () => {
    expect(readJavaRelease('JAVA_VERSION="21"\nMODULES="java.base jdk.compilerish"')?.compiler).toBe(false);
  });
});

describe('packages that were installed by hand', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/a': { version: '1.0.0', integrity: 'x' },
      'node_modules/b-win32': { version: '2.0.0', integrity: 'y', optional: true },
    },
  };

  it('count as installed when every one is of the locked version, optional ones of other systems aside', () => {
    expect(packagesMatchLock(lock, { packages: { 'node_modules/a': { version: '1.0.0', integrity: 'x' } } })).toBe(
      true,
    );
  });

  it('do not count when one is missing or of another version', () => {
    expect(packagesMatchLock(lock, { packages: {} })).toBe(false);
    expect(packagesMatchLock(lock, { packages: { 'node_modules/a': { version: '1.0.1', integrity: 'x' } } })).toBe(
      false,
    );
    expect(packagesMatchLock(lock, {})).toBe(false);
  });
});
